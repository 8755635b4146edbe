// The controls of the view Write, and the requests that they describe.
import * as api from "./api.js";
import { byId } from "./dom.js";

const MOST_TEMPERATURES = 4;

let ranges = {};

const controls = () => [...document.querySelectorAll("[data-parameter]")];

/** Returns the label of a control. */
export const label = (name) => document.querySelector(`label[for="${name}"]`).textContent;

const slider = (name) => document.querySelector(`[data-for="${name}"]`);

/** Gives each control the range that the service accepts; a slider and its number follow each other. */
export function setRanges(ofParameters) {
  ranges = ofParameters;
  for (const number of controls()) {
    const range = ranges[number.id];
    for (const input of [number, slider(number.id)]) {
      Object.assign(input, { min: range.minimum, max: range.maximum, step: range.step });
      input.value = range.default;
    }
    slider(number.id).addEventListener("input", () => { number.value = slider(number.id).value; });
    number.addEventListener("input", () => { slider(number.id).value = number.value; });
  }
}

/** Sets the controls to a request, except for its seed: the next text is to be another one. */
export function setControls(body) {
  byId("prompt").value = body.prompt ?? "";
  byId("seed").value = "";
  byId("temperatures").value = "";
  for (const number of controls()) {
    number.value = body[number.id] ?? ranges[number.id].default;
    slider(number.id).value = number.value;
  }
}

/** Returns the number of a parameter; throws if the control is empty. */
function numberOf(name, text, field) {
  if (text.trim() === "" || Number.isNaN(Number(text))) {
    const { minimum, maximum } = ranges[name];
    throw new api.Problem(`${label(name)} is ${text.trim() || "empty"}; it must be ${minimum} to ${maximum}.`, { field });
  }
  return Number(text);
}

/** Returns the seed, or null if the service is to choose one. */
function seed() {
  const text = byId("seed").value.trim();
  if (text === "") {
    return null;
  }
  if (!Number.isSafeInteger(Number(text))) {
    throw new api.Problem(`The seed is ${text}; it must be a whole number of up to 15 digits, or empty.`, { field: "seed" });
  }
  return Number(text);
}

/** Returns the settings that differ from the service's defaults. */
export function settings() {
  const body = {};
  for (const { id: name, value } of controls()) {
    const number = numberOf(name, value, name);
    if (number !== ranges[name].default) {
      body[name] = number;
    }
  }
  return body;
}

/** Returns whether two requests differ in their length, seed and model at most. */
export function isSame(one, other) {
  const fields = ({ max_tokens: length, seed, model, ...others }) => JSON.stringify(Object.entries(others).sort());
  return fields(one) === fields(other);
}

/** Returns the number of characters that a request asks for. */
export const lengthOf = (body) => body.max_tokens ?? ranges.max_tokens.default;

/** Returns the request that the controls describe; without a prompt, the model begins. */
export function request() {
  const prompt = byId("prompt").value;
  const body = prompt === "" ? settings() : { prompt, ...settings() };
  const chosen = seed();
  return chosen === null ? body : { ...body, seed: chosen };
}

/** Returns the texts between commas; if there are semicolons, a comma is a decimal point. */
function listed(text) {
  const parts = text.includes(";") ? text.replaceAll(",", ".").split(";") : text.split(",");
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function temperatureToCompare(text) {
  const { minimum, maximum } = ranges.temperature;
  const temperature = numberOf("temperature", text, "temperatures");
  if (temperature < minimum || temperature > maximum) {
    throw new api.Problem(`Temperature is ${text}; it must be ${minimum} to ${maximum}.`, { field: "temperatures" });
  }
  return temperature;
}

/** Returns a request for each temperature, all with the same seed, or the request alone. */
export function compared(body) {
  const others = listed(byId("temperatures").value);
  if (others.length === 0) {
    return [body];
  }
  const field = "temperatures";
  if (others.length >= MOST_TEMPERATURES) {
    throw new api.Problem(
      `${others.length} temperatures to compare with are too many; at most ${MOST_TEMPERATURES - 1} are possible.`, { field });
  }
  const same = { seed: crypto.getRandomValues(new Uint32Array(1))[0], ...body };
  return [same, ...others.map((text) => ({ ...same, temperature: temperatureToCompare(text) }))];
}

export const temperatureOf = (body) => body.temperature ?? ranges.temperature.default;

/** The largest number of characters in a prompt and in a text that is scored. */
export const mostCharacters = () => ranges.prompt.maximum;

/** Returns the end of a text that is short enough for a prompt. */
export const asPrompt = (text) => [...text].slice(-mostCharacters()).join("");
