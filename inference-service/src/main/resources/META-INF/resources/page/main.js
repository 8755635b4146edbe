import { KEY_WANTED, useKey } from "./api.js";
import { byId, showProblem } from "./dom.js";
import * as models from "./models.js";
import * as score from "./score.js";
import * as write from "./write.js";

const VIEWS = ["write", "score", "models"];

function showView() {
  const wanted = location.hash.slice(1);
  const view = VIEWS.includes(wanted) ? wanted : VIEWS[0];
  for (const each of VIEWS) {
    byId(each).hidden = each !== view;
    const link = document.querySelector(`nav a[href="#${each}"]`);
    if (each === view) {
      link.setAttribute("aria-current", "page");
      document.title = `${link.textContent} · Folio`;
    } else {
      link.removeAttribute("aria-current");
    }
  }
  showProblem(null);
}

document.addEventListener(KEY_WANTED, () => {
  byId("key-label").hidden = false;
});
byId("key").addEventListener("change", (event) => {
  useKey(event.target.value);
  showProblem(null);
});
window.addEventListener("hashchange", showView);
showView();
models.start();
score.start();
write.start().catch(showProblem);
