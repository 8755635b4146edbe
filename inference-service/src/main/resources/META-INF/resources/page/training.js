// Training runs that write their records into the store, while they train.
import * as api from "./api.js";
import { chart } from "./chart.js";
import { coloured } from "./characters.js";
import { byId, duration, element } from "./dom.js";
import { protocols, unsure } from "./losses.js";
import * as serving from "./serving.js";

/** After this time without news, a run that has not ended may have been killed. */
const SILENT_SECONDS = 180;

/** The characters of the validation text that are shown; a finished run has predicted more than before. */
const TARGET_CHARACTERS = 160;

let chosen = null;
let drawn = "";

const points = (curve) => curve.map(({ step, value }) => ({ x: step, y: value }));

const name = (run) => `${run.corpus ?? "a text"}, ${run.began ? new Date(run.began).toLocaleString() : run.run}`;

/** Returns how far a run is, in a sentence. */
function state(run) {
  const silent = (Date.now() - new Date(run.updated)) / 1000;
  if (run.state !== "training") {
    return run.state === "ended" ? "The run has ended." : "The run was stopped; --resume continues it.";
  }
  return silent > SILENT_SECONDS
    ? `The run has written nothing for ${duration(silent)}. If it was killed, --resume continues it.` : "The run is training.";
}

function figures(run) {
  const rows = [
    ["step", run.steps ? `${run.step.toLocaleString()} of ${run.steps.toLocaleString()}` : run.step.toLocaleString()],
    ["time left", run.seconds_left === undefined ? "–" : duration(run.seconds_left)],
    ["characters per second", run.characters_per_second ? Math.round(run.characters_per_second).toLocaleString() : "–"],
    ["training loss, nats", run.training_loss_nats?.toFixed(3) ?? "–"],
    ["parameters", run.parameters?.toLocaleString() ?? "–"],
  ];
  return rows.map(([term, figure]) => element("div", {}, element("dt", {}, term), element("dd", {}, figure)));
}

/** Returns the losses; a published checkpoint is a mark on its curve, filled if it was promoted. */
function lossChart(run) {
  const names = protocols(Object.keys(run.validation));
  const published = new Map(run.published.map((checkpoint) => [checkpoint.step, checkpoint]));
  const validation = names.map((protocol, i) => ({
    name: protocol,
    points: points(run.validation[protocol]).map((point) => {
      const checkpoint = i === 0 && published.get(point.x);
      return checkpoint ? { ...point, title: checkpoint.version, chosen: checkpoint.promoted } : point;
    }),
  }));
  return chart("Loss in nats per character; lower is better", [{ name: "training", points: points(run.training) }, ...validation], { from: 0 });
}

/** Returns what the run published, and whether this service has taken it over. */
function takeover({ step, version, promoted, time }, activations) {
  const activation = activations.find((each) => each.version === version);
  const when = (text) => new Date(text).toLocaleTimeString();
  const published = `Step ${step.toLocaleString()}: published ${version}${time ? ` at ${when(time)}` : ""}`;
  if (activation) {
    return `${published}; this service took it over at ${when(activation.since)}${activation.until ? "" : " and serves it now"}.`;
  }
  return `${published}; ${promoted ? "it became CURRENT" : "it was not promoted"}.`;
}

function target(prediction) {
  const characters = [...prediction.text].slice(0, TARGET_CHARACTERS);
  const predicted = [...prediction.predicted];
  return characters.map((token, i) => {
    const span = coloured({ token, logprob: prediction.logprobs[i] });
    span.title = `${(100 * Math.exp(prediction.logprobs[i])).toFixed(1)} %, expected ${predicted[i]}`;
    return span;
  });
}

function draw(run, activations) {
  const { summary } = run;
  byId("run-state").textContent = state(summary);
  byId("run-progress").max = summary.steps ?? 1;
  byId("run-progress").value = summary.step;
  byId("run-figures").replaceChildren(...figures(summary));
  byId("run-charts").replaceChildren(lossChart(run), chart("Characters per second", [{ name: "", points: points(run.speed) }], { from: 0 }));
  const published = [...new Map(run.published.map((each) => [each.step, each])).values()].reverse();
  byId("run-published").replaceChildren(...published.map((each) => element("li", {}, takeover(each, activations))));
  byId("no-published").hidden = published.length > 0;
  byId("no-samples").hidden = run.samples.length > 0;
  byId("run-target").hidden = !run.prediction;
  if (run.prediction) {
    const logprobs = run.prediction.logprobs.slice(0, TARGET_CHARACTERS);
    const nats = -logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length;
    byId("run-target-about").textContent =
      `After ${run.prediction.step.toLocaleString()} steps, the network is ${unsure(nats)} in this part of the text, which it does not train on.`;
    byId("run-target-text").replaceChildren(...target(run.prediction));
  }
  byId("run-samples").replaceChildren(...run.samples.flatMap(({ step, text }, i) => [
    element("details", { open: i === 0 }, element("summary", {}, `after ${step.toLocaleString()} steps`), element("pre", {}, text)),
  ]));
}

async function show() {
  if (byId("training").hidden) {
    return;
  }
  try {
    const runs = await api.runs();
    byId("no-runs").hidden = runs.length > 0;
    byId("run").hidden = runs.length === 0;
    if (runs.length === 0) {
      return;
    }
    const known = runs.some(({ run }) => run === chosen);
    const shown = known ? chosen : runs[0].run;
    const select = byId("run-choice");
    if ([...select.options].map(({ value }) => value).join() !== runs.map(({ run }) => run).join()) {
      select.replaceChildren(...runs.map((run) => new Option(name(run), run.run)));
    }
    select.value = shown;
    const [run, activations] = await Promise.all([api.run(shown), api.activations()]);
    const content = JSON.stringify([run, activations]);
    if (content !== drawn) {
      drawn = content;
      draw(run, activations);
    } else {
      byId("run-state").textContent = state(run.summary);
    }
  } catch (error) {
    byId("run-state").textContent = error.message;
  }
}

export function start() {
  document.addEventListener(serving.POLLED, show);
  byId("run-choice").addEventListener("change", () => {
    chosen = byId("run-choice").value;
    show();
  });
}
