// Better with it: who is there every 2 s, charts and health every minute, no token in the address bar.
"use strict";
const here = new URL(location.href);
if (here.searchParams.delete("token") !== null) history.replaceState(null, "", here);

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
}

async function now() {
  const live = document.getElementById("live");
  try {
    live.innerHTML = await get(live.dataset.from ?? "now");
    const scene = document.getElementById("scene");
    if (scene) scene.innerHTML = await get("scene");
  } catch {
    live.textContent = "The device does not answer.";
  }
}

async function all() {
  if (!document.getElementById("history")) return;
  try {
    const fresh = new DOMParser().parseFromString(await get(location.search || "?"), "text/html");
    const open = document.querySelector("details")?.open;
    for (const id of ["history", "health"]) {
      document.getElementById(id).replaceWith(fresh.getElementById(id));
    }
    if (open) document.querySelector("details")?.setAttribute("open", "");
  } catch { /* `now` says it */ }
}

async function soon() {
  while (document.querySelector("[data-pending]")) {
    await new Promise((done) => setTimeout(done, 700));
    await all();
  }
}

soon();
setInterval(() => document.hidden || now(), 2000);
setInterval(() => document.hidden || all(), 60000);
