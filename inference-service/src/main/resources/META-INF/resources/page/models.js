import * as api from "./api.js";
import { byId, element } from "./dom.js";

const POLL_INTERVAL_MILLISECONDS = 2000;

let serving = null;

const cell = (text) => element("td", {}, text ?? "–");

const losses = (byProtocol) => Object.entries(byProtocol ?? {})
  .map(([protocol, nats]) => `${protocol}: ${nats.toFixed(4)}`).join(", ");

function row(model) {
  const { kind, layers, hidden_size: hidden, parameters } = model.network;
  return element("tr", {},
    element("th", { scope: "row" }, model.version), cell(model.state), cell(new Date(model.since).toLocaleString()),
    cell(`${kind} ${layers} × ${hidden}`), cell(parameters.toLocaleString()), cell(model.step.toLocaleString()),
    cell(model.corpus), cell(losses(model.validation_loss_nats)));
}

const published = (checkpoint) => element("tr", {},
  element("th", { scope: "row" }, checkpoint.version), cell(checkpoint.current ? "CURRENT" : ""),
  cell(checkpoint.step.toLocaleString()), cell(checkpoint.corpus), cell(checkpoint.training_loss_nats?.toFixed(4)),
  cell(losses(checkpoint.validation_loss_nats)));

/** The protocols of a loss, the one that tells most about a generated text first. */
const PROTOCOLS = ["documents", "carried-64", "windows-256"];

/** Returns in plain words what a model is and how well it knows its text. */
function inWords(model) {
  const read = model.corpus ?? "a text";
  const nats = PROTOCOLS.map((protocol) => model.validation_loss_nats?.[protocol]).find((loss) => loss !== undefined);
  const unsure = nats === undefined ? ""
    : ` At each step, it is as unsure as if it chose among ${Math.exp(nats).toFixed(1)} of them.`;
  return `A small neural network that has read ${read} writes one of ${model.characters.length.toLocaleString()} characters`
    + ` at a time. This machine runs it.${unsure}`;
}

/** Shows the published checkpoints. Each request reads the store, so it is sent only while the view is open. */
async function showPublished() {
  if (!byId("models").hidden) {
    byId("checkpoint-rows").replaceChildren(...(await api.checkpoints()).map(published));
  }
}

async function poll() {
  try {
    const all = await api.models();
    byId("model-rows").replaceChildren(...all.map(row));
    const current = all.find((model) => model.state === "current");
    byId("about-model").textContent = current ? inWords(current) : "";
    announce(current?.version ?? null);
    await showPublished();
  } catch (error) {
    byId("serving").textContent = error.message;
    serving = null;
  }
}

/** Announces the serving version, once per change. */
function announce(version) {
  if (version === serving && version !== null) {
    return;
  }
  byId("serving").textContent = version === null ? "No model is loaded yet."
    : serving === null ? `Serving ${version}` : `Now serving ${version}`;
  if (version !== null) {
    byId("history").append(element("li", {}, `${version}, from ${new Date().toLocaleTimeString()}`));
  }
  serving = version;
}

export function start() {
  poll();
  window.addEventListener("hashchange", poll);
  setInterval(poll, POLL_INTERVAL_MILLISECONDS);
}
