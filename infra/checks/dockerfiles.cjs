// The Dockerfiles: their syntax, their stages, that what they copy is there and let in by .dockerignore, and that nothing
// else is.
'use strict';
const path = require('node:path');
const { DockerfileParser } = require('dockerfile-ast');
const { validate } = require('dockerfile-utils');
const { end, exists, filesBelow, problem, read } = require('./tree.cjs');

// .dockerignore lets in what it names and shuts out all the rest.
const rules = read('.dockerignore').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const admitted = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
if (rules[0] !== '*') {
  problem('.dockerignore', 'its first rule is not "*", so that everything enters');
}
for (const never of ['**/bin', '**/obj', '**/local.settings.json']) {
  if (rules.lastIndexOf(never) <= rules.findLastIndex((rule) => rule.startsWith('!'))) {
    problem('.dockerignore', `"${never}" does not stand after the rules that let files in`);
  }
}
admitted.filter((entry) => !exists(entry)).forEach((entry) => problem('.dockerignore', `${entry} is let in, and not there`));
const isAdmitted = (source) => admitted.some((entry) => source === entry || source.startsWith(`${entry}/`));

// The app's project, and those that it and its targets refer to, and so on.
function projectsOf(file, found = new Set()) {
  for (const [, name] of read(file).matchAll(/<(?:Import Project|ProjectReference Include)="([^"]+)"/g)) {
    const other = path.posix.join(path.posix.dirname(file), name.replace('$(MSBuildThisFileDirectory)', ''));
    if (exists(other) && !found.has(other)) {
      found.add(other);
      projectsOf(other, found);
    }
  }
  return found;
}

const app = 'src/FunctionApp/FunctionApp.csproj';
const projects = [app, ...projectsOf(app)];
if (projects.length < 5) {
  problem(app, `refers to ${projects.join(', ')}, and to nothing else that infra/checks/dockerfiles.cjs finds`);
}

for (const file of filesBelow('infra/docker', /^Dockerfile/)) {
  const text = read(file);
  for (const { range, message } of validate(text)) {
    problem(file, `line ${range.start.line + 1}: ${message}`);
  }

  const stages = new Set();
  const copied = new Set();
  let stage;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const line = `line ${instruction.getRange().start.line + 1}`;
    switch (instruction.getKeyword()) {
      case 'FROM':
        stage = instruction.getBuildStage();
        if (stage === null) {
          problem(file, `${line}: the stage has no name`);
        }
        if (!stages.has(instruction.getImage()) && (instruction.getImageTag() ?? 'latest') === 'latest') {
          problem(file, `${line}: the image ${instruction.getImage()} has no tag`);
        }
        stages.add(stage);
        break;
      case 'COPY': {
        const from = instruction.getFlags().find((flag) => flag.getName() === 'from')?.getValue();
        if (from !== undefined && (from === stage || !stages.has(from))) {
          problem(file, `${line}: there is no stage ${from} above`);
        }
        const sources = instruction.getArguments().slice(0, -1).map((argument) => argument.getValue());
        for (const source of from === undefined ? sources : []) {
          copied.add(source);
          if (!exists(source)) {
            problem(file, `${line}: ${source} is not there`);
          } else if (!isAdmitted(source)) {
            problem(file, `${line}: ${source} is shut out by .dockerignore`);
          }
        }
        break;
      }
    }
  }

  // A project that is not copied for the restore fails the build, which nobody sees before there is a docker engine.
  for (const project of projects) {
    const wanted = project.endsWith('.csproj') ? [project, project.replace(/[^/]+$/, 'packages.lock.json')] : [project];
    wanted.filter((source) => !copied.has(source)).forEach((source) => problem(file, `${source} is not copied for the restore`));
  }

  const parts = new Map(text.split(/^FROM /m).slice(1).map((part) => [/ AS (\S+)/.exec(part)?.[1], part]));
  for (const [name, part] of [...parts].filter(([, part]) => part.includes('-chiseled'))) {
    for (const wanted of [/^USER \$APP_UID$/m, /^HEALTHCHECK .*"--health-probe"\]$/m, /^ENTRYPOINT \["\/app\/FunctionApp"\]$/m]) {
      if (!wanted.test(part)) {
        problem(file, `the image ${name} has no ${wanted.source}`);
      }
    }
  }
  // Whether the app hosts itself or a Functions host runs it, the image has the same files.
  for (const name of ['app', 'functions-host']) {
    if (!/^COPY --from=publish \/app /m.test(parts.get(name) ?? '')) {
      problem(file, `there is no image ${name}, or it is not of the stage publish`);
    }
  }
  if ([...parts.keys()].at(-1) !== 'app') {
    problem(file, 'the last image, which is built where no target is named, is not app');
  }
}

// That of a new app, whose files have other names there.
for (const { range, message } of validate(read('templates/rabbittopics/Dockerfile'))) {
  problem('templates/rabbittopics/Dockerfile', `line ${range.start.line + 1}: ${message}`);
}
end();
