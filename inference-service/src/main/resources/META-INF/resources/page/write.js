import * as api from "./api.js";
import { compared, isSame, lengthOf, request, setControls, setRanges, settings, temperatureOf } from "./controls.js";
import { button, byId, clearProblems, copy } from "./dom.js";
import * as earlier from "./earlier.js";
import * as link from "./link.js";
import { Output } from "./output.js";
import { showRequestProblem } from "./problems.js";
import { scoreText } from "./score.js";
import * as serving from "./serving.js";

/** The number of characters that the page lets the model write before a person does anything. */
const FIRST_CHARACTERS = 400;
const MOST_BEGINNINGS = 3;
const BEGINNING_CHARACTERS = { least: 5, most: 16 };

let abort = new AbortController();
let running = null;
let outputs = [];

/** Runs an action and shows its error, if it throws one. */
async function attempt(action) {
  clearProblems();
  try {
    await action();
  } catch (error) {
    showRequestProblem(error);
  }
}

/** Writes what the controls describe, and scrolls to it. A text that is being written is stopped. */
function writeFromControls(changes = {}) {
  return attempt(async () => {
    const bodies = compared({ ...request(), ...changes });
    byId("texts").scrollIntoView({ block: "nearest" });
    await run(bodies);
  });
}

/** Keeps a text among the earlier texts, and in the address bar if a request can write it again. */
function keep(output) {
  if (output.isEmpty()) {
    return;
  }
  const { id, request: body, model } = output;
  const seed = output.isRepeatable ? output.seed : null;
  earlier.keep(id, output.text(), body, model, seed);
  earlier.show(open);
  if (seed !== null) {
    link.show({ ...body, seed }, model);
  } else {
    link.clear();
  }
}

/** Creates a box for each request in place of those before. */
function create(bodies) {
  byId("texts").replaceChildren();
  outputs = bodies.map((body) => new Output(byId("texts"), `Temperature ${temperatureOf(body)}`, body, {
    onContinue: continueText, onRewrite: rewrite, onScore: scoreText,
  }));
}

/** Generates a text for each request. If the service rejects them all, the texts before come back. */
async function run(bodies, { keeps = true } = {}) {
  await stop();
  const before = { outputs, boxes: [...byId("texts").childNodes] };
  create(bodies);
  const coloured = byId("surprise").checked;
  await Promise.all(outputs.map((output) => output.colour(coloured)));
  try {
    await write(outputs, (output, i, signal) => output.start(bodies[i], lengthOf(bodies[i]), signal), keeps);
  } catch (error) {
    if (outputs.every((output) => output.isEmpty())) {
      outputs = before.outputs;
      byId("texts").replaceChildren(...before.boxes);
      setRunning(false);
    }
    throw error;
  }
}

/** Lets outputs write at the same time and keeps the first; throws the first error that is not a stop. */
async function write(texts, action, keeps = true) {
  abort = new AbortController();
  setRunning(true);
  const { signal } = abort;
  running = Promise.allSettled(texts.map((text, i) => action(text, i, signal)));
  const ends = await running;
  running = null;
  setRunning(false);
  ends.forEach((end, i) => {
    if (end.reason?.name === "AbortError") {
      texts[i].stopped();
    } else if (end.status === "rejected") {
      texts[i].describe("");
    }
  });
  if (keeps) {
    keep(texts[0]);
  }
  const failed = ends.find((end) => end.status === "rejected" && end.reason.name !== "AbortError");
  if (failed) {
    throw failed.reason;
  }
}

/** Stops what is being written, and returns when it has ended. */
async function stop() {
  abort.abort();
  await running;
}

function setRunning(isRunning) {
  byId("stop").disabled = !isRunning;
  byId("surprise").disabled = isRunning;
  byId("replay").disabled = isRunning || !outputs.some((output) => output.seed !== null);
  outputs.forEach((output) => output.enable(!isRunning));
}

/** Returns the settings of a text that is continued: those of the controls, at its own temperature. */
function continued(output) {
  const { max_tokens: length, ...others } = settings();
  const { temperature } = output.request;
  return [temperature === undefined ? others : { ...others, temperature }, lengthOf({ max_tokens: length })];
}

function continueText(output) {
  return attempt(() => {
    const [body, length] = continued(output);
    return write([output], (text, i, signal) => text.continue(body, length, signal));
  });
}

/** Writes a text anew from a character on, which another one replaces. */
function rewrite(output, index, token) {
  return attempt(() => {
    const [body, length] = continued(output);
    const { seed } = output;
    const same = seed === null ? body : { ...body, seed };
    return write([output], (text, i, signal) => text.rewriteFrom(index, token, same, length, signal));
  });
}

/** Writes the texts again from the seed of the first one, which does not stay in the controls. */
function replay() {
  const { seed } = outputs.find((output) => output.seed !== null);
  return writeFromControls({ seed });
}

/** Shows a text that was written before, with its settings. A text that is being written is stopped. */
async function open(entry) {
  await stop();
  setControls(entry.body);
  create([entry.body]);
  const [output] = outputs;
  output.restore(entry);
  keep(output);
  setRunning(false);
  await attempt(() => output.colour(byId("surprise").checked));
}

/** Returns the request that the controls describe, with the seed and the length of the text that was written from them. */
function describedRequest() {
  const body = request();
  const [first] = outputs;
  const isShown = first?.isRepeatable && body.seed === undefined && isSame(body, first.request);
  return isShown ? { ...first.request, seed: first.seed } : body;
}

/** Makes a button copy something that the controls describe. */
function copyFrom(id, describe) {
  byId(id).addEventListener("click", () => attempt(() => copy(describe(describedRequest()), byId(id), byId("command"))));
}

/** Returns the beginnings of a few lines of a text; the first and the last line may be incomplete. */
function beginnings(text) {
  const { least, most } = BEGINNING_CHARACTERS;
  const lines = text.split("\n").slice(1, -1).map((line) => line.trim())
    .filter((line) => line.length >= least)
    .map((line) => (line.length <= most ? line : line.slice(0, most).replace(/(?<=.)\s+\S*$/, "")));
  return [...new Set(lines)].slice(0, MOST_BEGINNINGS);
}

/** Returns when the browser has drawn the page: on a small machine, a text would take the processor from it. */
const painted = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });

/** Lets the model write before a person has done anything. */
async function showFirstText() {
  await run([{ max_tokens: FIRST_CHARACTERS }], { keeps: false });
  offerBeginnings();
}

/** Offers the beginnings of the lines of the first text as prompts. */
function offerBeginnings() {
  byId("beginnings").replaceChildren(...beginnings(outputs[0].text()).map((line) => button(line, () => {
    byId("prompt").value = line;
    writeFromControls();
  })));
}

/** Writes the text that a link describes; says so if another model is served than the one that wrote it. */
async function showLinkedText({ body, model }) {
  setControls(body);
  const isLoaded = model === null || serving.loaded().some(({ version }) => version === model);
  await run([isLoaded && model !== null ? { ...body, model } : body], { keeps: false });
  offerBeginnings();
  if (!isLoaded) {
    throw new api.Problem(`The link was made with ${serving.nameOf(model)}, which is not loaded. Another model wrote this text.`);
  }
}

/** Shows the text of the address, or a first one; nothing is written while another view is open. */
function showAddressedText() {
  const linked = link.read();
  if (byId("write").hidden || (outputs.length > 0 && !linked)) {
    return Promise.resolve();
  }
  return attempt(async () => {
    await painted();
    await (linked ? showLinkedText(linked) : showFirstText());
  });
}

export async function start() {
  setRanges(await api.parameters());
  byId("write-form").addEventListener("submit", (event) => {
    event.preventDefault();
    writeFromControls();
  });
  byId("prompt").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      writeFromControls();
    }
  });
  byId("stop").addEventListener("click", stop);
  byId("replay").addEventListener("click", replay);
  byId("surprise").addEventListener("change", () =>
    attempt(() => Promise.all(outputs.map((output) => output.colour(byId("surprise").checked)))));
  copyFrom("curl", api.curl);
  copyFrom("python", api.python);
  copyFrom("link", (body) => link.to(body, body.seed === undefined ? null : outputs[0]?.model));
  earlier.show(open);
  window.addEventListener("hashchange", showAddressedText);
  await showAddressedText();
}
