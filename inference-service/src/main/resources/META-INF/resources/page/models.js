import * as api from "./api.js";
import { chart } from "./chart.js";
import { button, byId, clearProblems, copy, duration, element, showProblem } from "./dom.js";
import { explain, protocols } from "./losses.js";
import * as serving from "./serving.js";

let drawn = "";

const cell = (content) => element("td", {}, content ?? "–");

const losses = (byProtocol) => protocols(Object.keys(byProtocol ?? {}))
  .map((protocol) => `${protocol}: ${byProtocol[protocol].toFixed(4)}`).join(", ");

function loadedRow(model) {
  const { kind, layers, hidden_size: hidden, parameters } = model.network;
  return element("tr", {},
    element("th", { scope: "row" }, model.version), cell(model.state), cell(new Date(model.since).toLocaleString()),
    cell(`${kind} ${layers} × ${hidden}`), cell(parameters.toLocaleString()), cell(model.step.toLocaleString()),
    cell(model.corpus), cell(losses(model.validation_loss_nats)));
}

/** Returns in a few words how a checkpoint differs from the one that was published before it. */
function changes(checkpoint, before) {
  if (!before) {
    return "the first one here";
  }
  const found = [];
  if (checkpoint.corpus !== before.corpus) {
    found.push(`text: ${checkpoint.corpus}`);
  }
  const names = new Set([...Object.keys(checkpoint.settings ?? {}), ...Object.keys(before.settings ?? {})]);
  for (const name of names) {
    const [now, then] = [checkpoint.settings?.[name], before.settings?.[name]];
    if (now !== then) {
      found.push(`${name}: ${then ?? "unset"} → ${now ?? "unset"}`);
    }
  }
  if (checkpoint.run === before.run && checkpoint.step !== before.step) {
    found.push(`${(checkpoint.step - before.step).toLocaleString()} more steps`);
  }
  const [protocol] = protocols([checkpoint, before].reduce((common, { validation_loss_nats: measured }) =>
    common.filter((name) => name in (measured ?? {})), Object.keys(checkpoint.validation_loss_nats ?? {})));
  if (checkpoint.corpus === before.corpus && protocol !== undefined) {
    const difference = checkpoint.validation_loss_nats[protocol] - before.validation_loss_nats[protocol];
    found.push(`loss ${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(4)}`);
  }
  return found.length === 0 ? "nothing" : found.join("; ");
}

/** Returns when a model was served, in words. */
function servedTimes(version, activations) {
  return activations.filter((each) => each.version === version).map(({ since, until }) => {
    const from = new Date(since);
    const end = until ? `for ${duration((new Date(until) - from) / 1000)}` : "until now";
    return `${from.toLocaleString()}, ${end}`;
  }).join("; ");
}

/** Copies the command that makes the service serve a checkpoint; this page itself cannot change what is served. */
function serveButton(version) {
  const made = button("Copy command", () => {
    const command = `./folio checkpoints promote ${version}`;
    byId("model-command").textContent = command;
    byId("model-command").hidden = false;
    copy(command, made, byId("model-command"));
  }, { className: "small", ariaLabel: `Copy the command that serves ${version}` });
  return made;
}

function publishedRow(checkpoint, i, all, activations) {
  return element("tr", {},
    element("th", { scope: "row" }, checkpoint.version), cell(checkpoint.current ? "CURRENT" : serveButton(checkpoint.version)),
    cell(checkpoint.step.toLocaleString()), cell(checkpoint.corpus), cell(checkpoint.training_loss_nats?.toFixed(4)),
    cell(losses(checkpoint.validation_loss_nats)), cell(changes(checkpoint, all[i + 1])),
    cell(servedTimes(checkpoint.version, activations) || "not by this process"));
}

/** Returns the protocol by which most checkpoints were measured. */
function commonProtocol(checkpoints) {
  const all = checkpoints.flatMap((each) => Object.keys(each.validation_loss_nats ?? {}));
  const count = (name) => all.filter((other) => other === name).length;
  return protocols(all).sort((a, b) => count(b) - count(a))[0];
}

/** Returns the losses of the published checkpoints in the order of publication, a line for each text. */
function curve(checkpoints, activations) {
  const served = new Set(activations.map(({ version }) => version));
  const oldestFirst = [...checkpoints].reverse().map((checkpoint, i) => ({ ...checkpoint, x: i + 1 }));
  const lines = [...new Set(oldestFirst.map(({ corpus }) => corpus))].map((corpus) => {
    const ofText = oldestFirst.filter((checkpoint) => checkpoint.corpus === corpus);
    const protocol = commonProtocol(ofText);
    const points = ofText.filter((each) => each.validation_loss_nats?.[protocol] !== undefined).map(({ version, x, ...each }) => {
      const nats = each.validation_loss_nats[protocol];
      const chosen = served.has(version);
      return { x, y: nats, chosen, title: `${version}, ${nats.toFixed(4)} nats${chosen ? ", was served" : ""}` };
    });
    return { name: `${corpus ?? "a text"}, ${protocol}`, points };
  });
  return chart("Validation loss in nats, in the order of publication; lower is better", lines);
}

function explanations(all) {
  const names = protocols(all.flatMap((model) => Object.keys(model.validation_loss_nats ?? {})));
  return names.flatMap((name) => [element("dt", {}, name), element("dd", {}, `${explain(name)}.`)]);
}

/** Shows the models. The store is read for each poll, so only while the view is open. */
async function show() {
  if (byId("models").hidden) {
    return;
  }
  try {
    const [checkpoints, activations] = await Promise.all([api.checkpoints(), api.activations()]);
    const loaded = serving.loaded();
    const content = JSON.stringify([loaded, checkpoints, activations]);
    if (content === drawn) {
      return; // a person may be reading or have the focus on a button
    }
    drawn = content;
    byId("model-rows").replaceChildren(...loaded.map(loadedRow));
    byId("no-checkpoints").hidden = checkpoints.length > 0;
    byId("published").hidden = checkpoints.length === 0;
    byId("checkpoint-rows").replaceChildren(...checkpoints.map((each, i) => publishedRow(each, i, checkpoints, activations)));
    byId("checkpoint-curve").replaceChildren(...(checkpoints.length > 1 ? [curve(checkpoints, activations)] : []));
    byId("protocols").replaceChildren(...explanations([...loaded, ...checkpoints]));
    byId("history").replaceChildren(...[...activations].reverse().map(({ version, since, until }) =>
      element("li", {}, `${version}: ${new Date(since).toLocaleString()} to ${until ? new Date(until).toLocaleString() : "now"}`)));
  } catch (error) {
    showProblem(error);
  }
}

export function start() {
  document.addEventListener(serving.POLLED, show);
  window.addEventListener("hashchange", () => {
    clearProblems();
    show();
  });
  byId("rollback").addEventListener("click", () =>
    copy("./folio checkpoints rollback", byId("rollback"), byId("model-command")));
}
