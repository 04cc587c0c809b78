# Reads what "dotnet test --output Detailed" has printed so far, and prints how many tests of which project ended how.
# A test is a line such as "passed NAME (5ms)" and, below it, "  from FOLDER/PROJECT.dll (net10.0|x64)". A project that is
# through is a line such as "FOLDER/PROJECT.dll (net10.0|x64) failed with 1 error(s) (5s)".

function project(line) {
  sub(/\.dll \(.*/, "", line)
  sub(/.*\//, "", line)
  return line
}

/^(passed|failed|skipped) / { outcome = $1 }

/^  from .*\.dll \(/ && outcome != "" {
  name = project($0)
  see(name)
  count[name, outcome]++
  total[outcome]++
  outcome = ""
}

/^Running tests from .*\.dll/ { see(project($0)) }

/^[^ ].*\.dll \([^)]*\) / && !/^Running tests from / { through[project($0)] = 1 }

function see(name) {
  if (!(name in seen)) {
    seen[name] = 1
    names[++projects] = name
  }
}

END {
  printf "%d passed, %d failed:", total["passed"], total["failed"]
  for (i = 1; i <= projects; i++) {
    name = names[i]
    printf "%s %s %d", (i > 1 ? "," : ""), name, count[name, "passed"] + count[name, "failed"]
    if (name in through) printf " (through)"
  }
  if (projects == 0) printf " the test programs are starting"
  printf "\n"
}
