import * as api from "./api.js";
import { byId, element, showProblem } from "./dom.js";

const SLIDERS = {
  temperature: "Temperature",
  max_tokens: "Characters",
  top_p: "Top p",
  top_k: "Top k (0: all)",
  min_p: "Min p",
  repetition_penalty: "Repetition penalty",
};

let abort = null;
let outputs = [];
let seedOfFirst = null;
let ranges = {};

function slider(name, range) {
  const value = element("output");
  const input = element("input", {
    type: "range", id: name, name, min: range.minimum, max: range.maximum, step: range.step,
  });
  input.value = range.default;
  const show = () => { value.textContent = input.value; };
  input.addEventListener("input", show);
  show();
  return element("div", {}, element("label", { htmlFor: name }, SLIDERS[name], " ", value), input);
}

/** Returns the request that the controls describe. */
function request() {
  const body = { prompt: byId("prompt").value };
  for (const name of Object.keys(SLIDERS)) {
    const value = Number(byId(name).value);
    if (value !== ranges[name].default) {
      body[name] = value;
    }
  }
  const seed = byId("seed").value.trim();
  if (seed !== "") {
    if (!Number.isSafeInteger(Number(seed))) {
      throw new api.Problem(`The seed is ${seed}; it must be a whole number of up to 15 digits, or empty.`);
    }
    body.seed = Number(seed);
  }
  return body;
}

/** Adds a box for a text; it scrolls with the text unless the reader has scrolled up. */
function addOutput(title, prompt) {
  const written = element("span");
  const box = element("pre", { className: "text", tabIndex: 0, ariaLabel: title },
    element("span", { className: "prompt" }, prompt), written);
  const about = element("p", { className: "about", role: "status" });
  byId("texts").append(element("div", {}, element("h3", {}, title), box, about));
  return {
    add(text) {
      const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
      written.append(text);
      if (follows) {
        box.scrollTop = box.scrollHeight;
      }
    },
    describe(sentence) { about.textContent = sentence; },
    text: () => prompt + written.textContent,
  };
}

async function stream(body, output) {
  const begun = performance.now();
  let characters = 0;
  const speed = () => Math.round(characters / ((performance.now() - begun) / 1000));
  for await (const event of api.generate(body, abort.signal)) {
    output.add(event.text);
    characters += [...event.text].length;
    if (event.error) {
      throw new api.Problem(event.error);
    }
    if (event.finish_reason) {
      output.describe(`${characters} characters by ${event.model_version}, ${speed()} characters/s, seed ${event.seed},`
        + ` ended by ${event.finish_reason}`);
      if (output === outputs[0]) {
        seedOfFirst = event.seed;
      }
    }
  }
}

/** Runs an action and shows its error, if it throws one. */
function attempt(action) {
  showProblem(null);
  try {
    action();
  } catch (error) {
    showProblem(error);
  }
}

function otherTemperature() {
  const value = byId("other-temperature").value;
  if (value === "") {
    const { minimum, maximum } = ranges.temperature;
    throw new api.Problem(`The temperature of the second text is empty; it must be ${minimum} to ${maximum}.`);
  }
  return Number(value);
}

/** Starts the generation of one or two texts; throws if the request is invalid. */
function run(body) {
  const bodies = [body];
  if (byId("compare").checked) {
    bodies.push({ ...body, temperature: otherTemperature() });
  }
  byId("texts").replaceChildren();
  seedOfFirst = null;
  abort = new AbortController();
  outputs = bodies.map((each) => addOutput(`Temperature ${each.temperature ?? ranges.temperature.default}`, body.prompt));
  setRunning(true);
  write(bodies);
}

async function write(bodies) {
  const ends = await Promise.allSettled(bodies.map((each, i) => stream(each, outputs[i])));
  setRunning(false);
  ends.forEach((end, i) => {
    if (end.reason?.name === "AbortError") {
      outputs[i].describe("stopped");
    } else if (end.reason) {
      outputs[i].describe("");
      showProblem(end.reason);
    }
  });
}

function setRunning(running) {
  byId("generate").disabled = running;
  byId("stop").disabled = !running;
  byId("continue").disabled = running;
  byId("replay").disabled = running || seedOfFirst === null;
}

/** Continues the first text; a prompt that is too long loses its beginning. */
function continueText() {
  const all = [...outputs[0].text()];
  byId("prompt").value = all.slice(-ranges.prompt.maximum).join("");
  run(request());
}

function replay() {
  byId("seed").value = seedOfFirst;
  run(request());
}

async function copyCurl() {
  const command = api.curl(request());
  try {
    await navigator.clipboard.writeText(command);
    byId("curl").textContent = "Copied";
  } catch { // without permission, or without HTTPS
    byId("command").textContent = command;
    byId("command").hidden = false;
  }
}

export async function start() {
  ranges = await api.parameters();
  byId("sliders").append(...Object.keys(SLIDERS).map((name) => slider(name, ranges[name])));
  Object.assign(byId("other-temperature"), {
    min: ranges.temperature.minimum, max: ranges.temperature.maximum, step: ranges.temperature.step,
  });
  byId("write-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => run(request()));
  });
  byId("stop").addEventListener("click", () => abort.abort());
  byId("continue").addEventListener("click", () => attempt(continueText));
  byId("replay").addEventListener("click", () => attempt(replay));
  byId("curl").addEventListener("click", () => copyCurl().catch(showProblem));
}
