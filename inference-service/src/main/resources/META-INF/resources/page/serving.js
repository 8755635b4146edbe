// The models that the service has loaded, and the announcement of the one that is served.
import * as api from "./api.js";
import { byId } from "./dom.js";
import { best, unsure } from "./losses.js";

const POLL_MILLISECONDS = 2000;

let residents = [];
let announced = null;

/** The event that the document receives after each poll. */
export const POLLED = "models-polled";

/** Returns the loaded models, oldest first. */
export const loaded = () => residents;

/** Returns the model that new requests run on, or undefined. */
export const current = () => residents.find((model) => model.state === "current");

/** Returns the name of a version in a sentence. */
export const nameOf = (version) => (version === "embedded" ? "the embedded model" : version);

/** Returns in plain words what a model is and how well it knows its text. */
function inWords(model) {
  const loss = best(model.validation_loss_nats);
  return `A small neural network that has read ${model.corpus ?? "a text"} writes one of`
    + ` ${model.characters.length.toLocaleString()} characters at a time. This machine runs it.`
    + (loss === null ? ""
      : ` At each step, it is ${unsure(loss.nats)}; without training, it would choose among ${model.characters.length.toLocaleString()}.`);
}

/** Announces the serving version, once per change. */
function announce(version) {
  if (version === announced && version !== null) {
    return;
  }
  byId("serving").textContent = version === null ? "No model is loaded yet."
    : announced === null ? `Serving ${nameOf(version)}` : `Now serving ${nameOf(version)}`;
  announced = version;
}

async function poll() {
  try {
    residents = await api.models();
    const model = current();
    byId("about-model").textContent = model ? inWords(model) : "No model is loaded yet; the service waits for a checkpoint.";
    announce(model?.version ?? null);
  } catch (error) {
    byId("serving").textContent = error.message;
    announced = null;
  }
  document.dispatchEvent(new Event(POLLED));
}

/** Polls from now on; returns when the first answer is there. */
export async function start() {
  window.addEventListener("hashchange", poll);
  setInterval(poll, POLL_MILLISECONDS);
  await poll();
}
