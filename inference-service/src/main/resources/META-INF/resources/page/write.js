import * as api from "./api.js";
import { byId, element, tellProblem } from "./dom.js";

const SLIDERS = {
  temperature: "Temperature",
  max_tokens: "Characters",
  top_p: "Top p",
  top_k: "Top k (0: all)",
  min_p: "Min p",
  repetition_penalty: "Repetition penalty",
};

let abort = null;
let places = [];
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

/** What is set, as a request. */
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
      throw new api.Problem(`The seed is ${seed}; legal is a whole number of up to 15 digits, or nothing.`);
    }
    body.seed = Number(seed);
  }
  return body;
}

/** A place where a text appears; the box scrolls with it unless a reader scrolled away. */
function place(title, prompt) {
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
    tell(sentence) { about.textContent = sentence; },
    text: () => prompt + written.textContent,
  };
}

async function stream(body, where) {
  const begun = performance.now();
  let characters = 0;
  const speed = () => Math.round(characters / ((performance.now() - begun) / 1000));
  for await (const event of api.generate(body, abort.signal)) {
    where.add(event.text);
    characters += [...event.text].length;
    if (event.error) {
      throw new api.Problem(event.error);
    }
    if (event.finish_reason) {
      where.tell(`${characters} characters by ${event.model_version}, ${speed()} a second, seed ${event.seed},`
        + ` ended by ${event.finish_reason}`);
      if (where === places[0]) {
        seedOfFirst = event.seed;
      }
    }
  }
}

/** Does what may be refused, and says why. */
function attempt(action) {
  tellProblem(null);
  try {
    action();
  } catch (error) {
    tellProblem(error);
  }
}

function otherTemperature() {
  const given = byId("other-temperature").value;
  if (given === "") {
    throw new api.Problem("The second text has no temperature.");
  }
  return Number(given);
}

/** Begins to write; what cannot begin is thrown. */
function run(body) {
  const bodies = [body];
  if (byId("compare").checked) {
    bodies.push({ ...body, temperature: otherTemperature() });
  }
  byId("texts").replaceChildren();
  seedOfFirst = null;
  abort = new AbortController();
  places = bodies.map((each) => place(`Temperature ${each.temperature ?? ranges.temperature.default}`, body.prompt));
  setRunning(true);
  write(bodies);
}

async function write(bodies) {
  const ends = await Promise.allSettled(bodies.map((each, i) => stream(each, places[i])));
  setRunning(false);
  ends.forEach((end, i) => {
    if (end.reason?.name === "AbortError") {
      places[i].tell("stopped");
    } else if (end.reason) {
      places[i].tell("");
      tellProblem(end.reason);
    }
  });
}

function setRunning(running) {
  byId("generate").disabled = running;
  byId("stop").disabled = !running;
  byId("continue").disabled = running;
  byId("replay").disabled = running || seedOfFirst === null;
}

/** Goes on from the first text; of a prompt that is too long, its end counts. */
function goOn() {
  const all = [...places[0].text()];
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
  } catch { // no permission, or a page that is not served securely
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
  byId("continue").addEventListener("click", () => attempt(goOn));
  byId("replay").addEventListener("click", () => attempt(replay));
  byId("curl").addEventListener("click", () => copyCurl().catch(tellProblem));
}
