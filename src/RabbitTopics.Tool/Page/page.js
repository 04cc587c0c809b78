// The page of "rabbittopics ui". All that comes from the broker is written as text, never as markup.

const interval = 2000;
const points = 90;
const history = new Map(); // of a queue: what its chart shows
const find = id => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "scope" || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

async function ask(path, body) {
  const response = await fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(text || response.statusText);
  }
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

const time = text => text ? new Date(text).toLocaleString() : "";
const number = value => value ?? "–";
const rate = value => value === null ? "–" : value.toLocaleString(undefined, { maximumFractionDigits: 1 });

// ---- Queues

const params = () => new URLSearchParams(location.hash.slice(1)); // #queue=…&queue=…&dead=…

function setParams(change) {
  const now = params();
  change(now);
  location.hash = now;
}

async function showQueues() {
  try {
    const query = new URLSearchParams(params().getAll("queue").map(queue => ["queue", queue]));
    const { broker, hasRates, queues } = await ask(`/api/queues?${query}`);
    find("broker").textContent = broker;
    find("legend").replaceChildren(...hasRates
      ? ["The chart shows messages a second, ", make("span", { className: "in" }, "in"), " and ", make("span", { className: "out" }, "out"), "."]
      : ["The chart shows the messages that wait. Rates need --management."]);
    const old = new Map([...find("queues").tBodies[0].rows].map(row => [row.dataset.queue, row]));
    const body = find("queues").tBodies[0];
    queues.forEach((queue, index) => {
      const row = fillRow(old.get(queue.queue) ?? newRow(queue.queue), queue, hasRates);
      if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] ?? null); // One that is moved loses the focus.
      old.delete(queue.queue);
    });
    old.forEach(row => row.remove());
    setProblem("");
  } catch (error) {
    setProblem(error.message);
  }
  setTimeout(showQueues, interval);
}

function setProblem(text) {
  if (find("problem").textContent !== text) find("problem").textContent = text; // Not said again and again by a screen reader.
}

function newRow(queue) {
  const row = make("tr", {}, make("th", { scope: "row" }, queue));
  row.dataset.queue = queue;
  for (const label of ["", "In/s", "Out/s", "Messages", "Consumers", "Retrying", "Parked"]) {
    const cell = make("td");
    cell.dataset.label = label;
    row.append(cell);
  }
  row.cells[1].className = "wide";
  row.cells[7].append(make("button", { type: "button", onclick: () => setParams(now => now.set("dead", `${queue}.dead`)) }));
  return row;
}

function fillRow(row, queue, hasRates) {
  const [, chart, into, out, messages, consumers, retrying, parked] = row.cells;
  const past = history.get(queue.queue) ?? [];
  past.push(hasRates ? [queue.in, queue.out] : [queue.messages]);
  history.set(queue.queue, past.slice(-points));
  chart.replaceChildren(drawChart(history.get(queue.queue), hasRates));
  into.textContent = rate(queue.in);
  out.textContent = rate(queue.out);
  messages.textContent = queue.exists ? number(queue.messages) : "no such queue";
  consumers.textContent = number(queue.consumers);
  consumers.classList.toggle("alarm", queue.consumers === 0 && queue.messages > 0);
  retrying.textContent = number(queue.retrying);
  const button = parked.firstChild;
  button.textContent = number(queue.parked);
  button.hidden = queue.parked === null;
  button.setAttribute("aria-label", `Show ${queue.parked} dead letters of ${queue.queue}`);
  button.classList.toggle("alarm", queue.parked > 0);
  return row;
}

function drawChart(past, hasRates) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const largest = Math.max(1, ...past.flat());
  svg.setAttribute("viewBox", `0 0 ${points - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", "img");
  const last = past.at(-1);
  svg.setAttribute("aria-label", hasRates ? `${rate(last[0])} messages a second in, ${rate(last[1])} out` : `${number(last[0])} messages wait`);
  last.forEach((_, line) => {
    const polyline = document.createElementNS(space, "polyline");
    polyline.setAttribute("class", line === 0 ? "in" : "out");
    polyline.setAttribute("points", past.map((values, index) => `${points - past.length + index},${98 - 96 * (values[line] ?? 0) / largest}`).join(" "));
    svg.append(polyline);
  });
  return svg;
}

find("add").addEventListener("submit", event => {
  event.preventDefault();
  const queue = find("add-queue").value.trim();
  if (queue && !params().getAll("queue").includes(queue)) setParams(now => now.append("queue", queue));
  find("add").reset();
});

// ---- Dead letters

let shown = null;

async function showDead({ focus }) {
  shown = params().get("dead");
  find("dead").hidden = !shown;
  if (!shown) return;
  const queue = shown;
  find("dead-title").textContent = `Dead letters in ${queue}`;
  if (focus) {
    find("groups").replaceChildren();
    setOutcome("Looking …");
    find("dead-title").focus();
  }
  try {
    const { letters, isAll } = await ask(`/api/dead?${new URLSearchParams({ queue })}`);
    if (queue !== shown) return;
    const groups = Map.groupBy(letters, letter => letter.exceptionType ?? letter.reason ?? "unknown reason");
    find("groups").replaceChildren(...[...groups].sort((one, other) => other[1].length - one[1].length).map(([name, members]) => makeGroup(name, members)));
    if (focus) setOutcome("");
    if (letters.length === 0) find("groups").append(make("p", {}, "There is none to be had now."));
    if (!isAll) find("groups").append(make("p", { className: "quiet" }, `These are the oldest ${letters.length}. For more: rabbittopics dead list ${queue}`));
  } catch (error) {
    setOutcome(error.message);
  }
}

const setOutcome = text => find("outcome").textContent = text;

function makeGroup(name, letters) {
  const example = letters[0].exceptionMessage ?? letters[0].description ?? "";
  return make("details", { open: true },
    make("summary", {}, make("strong", {}, `${letters.length} × ${name}`), example && `: ${example}`),
    ...letters.length > 1 ? [makeActions(letters)] : [],
    ...letters.map(makeLetter));
}

function makeActions(letters) {
  const what = letters.length === 1 ? "" : ` all ${letters.length}`;
  const action = (label, act, className = "") => make("button", { type: "button", className, onclick: () => change(act, letters) }, label);
  return make("div", { className: "bar" },
    action(`Replay${what} …`, "replay"), action(`Replay${what} to the exchange …`, "replay-to-exchange"), action(`Delete${what} …`, "delete", "danger"));
}

function makeLetter(letter) {
  const details = make("details", { className: "letter" },
    make("summary", {}, `${letter.topic} · ${letter.id ?? "no id"}`, make("span", { className: "quiet" }, ` ${time(letter.time)} · ${letter.attempts} attempt(s)`)));
  details.addEventListener("toggle", () => details.append(
    makeActions([letter]),
    make("h3", {}, "Story"),
    make("ol", {}, ...letter.story.map(step => make("li", {}, step.time ? `${time(step.time)}: ` : "", step.text))),
    ...letter.exceptionType ? [make("h3", {}, "Exception"), make("pre", {}, `${letter.exceptionType}: ${letter.exceptionMessage ?? ""}\n${letter.exceptionStack ?? ""}`)] : [],
    make("h3", {}, `Body (${letter.body.kind}, ${letter.body.length} bytes)`),
    make("pre", { className: "body", tabIndex: 0 }, letter.body.text),
    ...letter.body.isCut ? [make("p", { className: "quiet" }, "The rest is not shown. All of it: rabbittopics dead show")] : [],
    make("h3", {}, "Headers"), makeList(letter.headers),
    make("h3", {}, "Properties"), makeList(letter.properties)), { once: true });
  return details;
}

function makeList(values) {
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return make("dl", {}, ...entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, typeof value === "string" ? value : JSON.stringify(value))]));
}

const actions = {
  "replay": { verb: "Replay", effect: "They go back, and their attempts are counted from 1.", target: letter => letter.replayTarget },
  "replay-to-exchange": { verb: "Replay", effect: "They are published again, for every queue that is bound.", target: letter => letter.replayToExchangeTarget },
  "delete": { verb: "Delete", effect: "They are lost then.", target: () => "nowhere" },
};

// Says what would be done, and does it when that is confirmed; one after the other.
async function change(action, letters) {
  const queue = shown; // Going back in the browser shows another one.
  const { verb, effect, target } = actions[action];
  const targets = Map.groupBy(letters.filter(target), target);
  const keys = [...targets.values()].flat().map(letter => letter.key);
  if (keys.length === 0) return setOutcome("It does not say from where it is, so it cannot be put back there.");
  find("question-title").textContent = `${verb} ${keys.length} message(s)?`;
  find("question-text").textContent = effect;
  find("question-targets").replaceChildren(...action === "delete" ? [] : [...targets].map(([name, members]) => make("li", {}, `${members.length} to ${name}`)));
  find("question-yes").textContent = `${verb} ${keys.length}`;
  find("question-yes").className = action === "delete" ? "danger" : "";
  if (!await confirm()) return;
  find("groups").inert = true;
  setOutcome("At work …");
  try {
    const { done } = await ask(`/api/dead/${action}`, { queue, keys });
    setOutcome(`${verb}: ${done} message(s) of ${keys.length}.${done < keys.length ? " The others are not there any more, or somebody else is looking at them." : ""}`);
  } catch (error) {
    setOutcome(error.message);
  }
  await showDead({ focus: false });
  find("groups").inert = false;
  find("dead-title").focus();
}

function confirm() {
  const dialog = find("question");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

find("refresh").addEventListener("click", () => showDead({ focus: true }));
find("close").addEventListener("click", () => setParams(now => now.delete("dead")));
addEventListener("hashchange", () => params().get("dead") !== shown && showDead({ focus: true }));

showQueues();
if (params().get("dead")) showDead({ focus: true });
