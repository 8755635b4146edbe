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
let seedOfLast = null;
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
      seedOfLast = event.seed;
    }
  }
}

let places = [];

async function write(body) {
  tellProblem(null);
  byId("texts").replaceChildren();
  abort = new AbortController();
  const bodies = [body];
  if (byId("compare").checked) {
    bodies.push({ ...body, temperature: Number(byId("other-temperature").value) });
  }
  places = bodies.map((each) => place(`Temperature ${each.temperature ?? ranges.temperature.default}`, body.prompt));
  setRunning(true);
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
  byId("replay").disabled = running || seedOfLast === null;
}

/** Goes on from the first text; of a prompt that is too long, its end counts. */
function goOn() {
  const all = [...places[0].text()];
  byId("prompt").value = all.slice(-ranges.prompt.maximum).join("");
  write(request());
}

function replay() {
  byId("seed").value = seedOfLast;
  write(request());
}

async function copyCurl() {
  const command = api.curl(request());
  try {
    await navigator.clipboard.writeText(command);
    byId("curl").textContent = "Copied";
  } catch {
    byId("texts").replaceChildren(element("pre", { className: "text" }, command));
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
    write(request());
  });
  byId("stop").addEventListener("click", () => abort.abort());
  byId("continue").addEventListener("click", goOn);
  byId("replay").addEventListener("click", replay);
  byId("curl").addEventListener("click", copyCurl);
}
