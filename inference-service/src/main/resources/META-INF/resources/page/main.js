import { KEY_WANTED, useKey } from "./api.js";
import { byId, clearProblems, showProblem } from "./dom.js";
import * as link from "./link.js";
import * as models from "./models.js";
import * as score from "./score.js";
import * as serving from "./serving.js";
import * as training from "./training.js";
import * as write from "./write.js";

const VIEWS = ["write", "score", "models", "training"];

function showView() {
  const view = VIEWS.includes(link.view()) ? link.view() : VIEWS[0];
  for (const each of VIEWS) {
    byId(each).hidden = each !== view;
    const tab = document.querySelector(`nav a[href="#${each}"]`);
    if (each === view) {
      tab.setAttribute("aria-current", "page");
      document.title = `${tab.textContent} · Folio`;
    } else {
      tab.removeAttribute("aria-current");
    }
  }
  clearProblems();
}

document.addEventListener(KEY_WANTED, () => {
  byId("key-label").hidden = false;
});
byId("key").addEventListener("change", (event) => {
  useKey(event.target.value);
  clearProblems();
});
window.addEventListener("hashchange", showView);
showView();
models.start();
training.start();
score.start();
serving.start().then(write.start).catch(showProblem);
