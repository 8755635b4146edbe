import * as api from "./api.js";
import { asPrompt, compared, request, setRanges, settings, temperatureOf } from "./controls.js";
import { byId, element, showProblem } from "./dom.js";
import { Output } from "./output.js";

/** The number of characters that the page lets the model write before a person does anything. */
const FIRST_CHARACTERS = 400;
const MOST_BEGINNINGS = 3;
const BEGINNING_CHARACTERS = { least: 6, most: 24 };
const COPIED_MILLISECONDS = 2000;

let abort = null;
let outputs = [];

/** Runs an action and shows its error, if it throws one. */
function attempt(action) {
  showProblem(null);
  try {
    action();
  } catch (error) {
    showProblem(error);
  }
}

/** Writes what the controls describe, and scrolls to it. */
function writeFromControls(changes = {}) {
  attempt(() => {
    run(compared({ ...request(), ...changes }));
    byId("texts").scrollIntoView({ block: "nearest" });
  });
}

/** Starts the generation of a text for each request; the requests are checked before. */
function run(bodies) {
  byId("texts").replaceChildren();
  outputs = bodies.map((body) =>
    new Output(byId("texts"), `Temperature ${temperatureOf(body)}`, body, continueText));
  return write(outputs, bodies);
}

async function write(texts, bodies) {
  abort = new AbortController();
  setRunning(true);
  const ends = await Promise.allSettled(texts.map((text, i) => text.write(bodies[i], abort.signal)));
  setRunning(false);
  ends.forEach((end, i) => {
    if (end.reason?.name === "AbortError") {
      texts[i].describe("stopped");
    } else if (end.reason) {
      texts[i].describe("");
      showProblem(end.reason);
    }
  });
}

function setRunning(running) {
  byId("generate").disabled = running;
  byId("stop").disabled = !running;
  byId("replay").disabled = running || !outputs.some((output) => output.seed !== null);
  for (const output of outputs) {
    output.continueButton.disabled = running || output.text() === "";
  }
}

/** Continues a text from its saved state; one that was stopped is read again. */
function continueText(output) {
  attempt(() => {
    const start = output.state ? { state: output.state } : { prompt: asPrompt(output.text()) };
    write([output], [{ ...settings(), temperature: output.temperature, ...start }]);
  });
}

/** Writes the texts again from the seed of the first one, which does not stay in the controls. */
function replay() {
  const { seed } = outputs.find((output) => output.seed !== null);
  writeFromControls({ seed });
}

async function copyCurl() {
  const command = api.curl(request());
  try {
    await navigator.clipboard.writeText(command);
    byId("curl").textContent = "Copied";
    setTimeout(() => { byId("curl").textContent = "Copy as curl"; }, COPIED_MILLISECONDS);
  } catch { // without permission, or without HTTPS
    byId("command").textContent = command;
    byId("command").hidden = false;
  }
}

/** Returns the beginnings of a few lines of a text; the first and the last line may be incomplete. */
function beginnings(text) {
  const { least, most } = BEGINNING_CHARACTERS;
  const lines = text.split("\n").slice(1, -1).map((line) => line.trim())
    .filter((line) => line.length >= least)
    .map((line) => (line.length <= most ? line : line.slice(0, most).replace(/(?<=.)\s+\S*$/, "")));
  return [...new Set(lines)].slice(0, MOST_BEGINNINGS);
}

/** Lets the model write before a person has done anything, and offers the beginnings of its lines as prompts. */
async function showFirstText() {
  if (byId("write").hidden) {
    return; // nobody would see it
  }
  await run([{ max_tokens: FIRST_CHARACTERS }]);
  byId("beginnings").replaceChildren(...beginnings(outputs[0].text()).map((line) => {
    const button = element("button", { type: "button" }, line);
    button.addEventListener("click", () => {
      byId("prompt").value = line;
      writeFromControls();
    });
    return button;
  }));
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
      byId("generate").click(); // does nothing while a text is being written
    }
  });
  byId("stop").addEventListener("click", () => abort.abort());
  byId("replay").addEventListener("click", replay);
  byId("curl").addEventListener("click", () => copyCurl().catch(showProblem));
  await showFirstText();
}
