"use strict";
const live = document.getElementById("live");
const state = document.getElementById("state");
const pause = document.getElementById("pause");
let paused = false;
let shown = "";

function say(words) {
  if (state.textContent !== words) state.textContent = words;
}

async function refresh() {
  // Nothing moves while nobody looks, or while somebody marks text.
  if (paused || document.hidden || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, cache: "no-store" });
  if (answer.status === 401) return location.reload();
  if (!answer.headers.has("X-Fragment")) throw new Error("not ours");
  const found = await answer.text();
  if (!paused && found !== shown) {
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.innerHTML = shown = found;
    if (focused) document.getElementById(focused)?.focus();
  }
  say("Live");
}

async function forever() {
  try {
    await refresh();
  } catch {
    say("Connection lost; trying again");
  }
  setTimeout(forever, 2000);
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Resume" : "Pause";
  say(paused ? "Paused" : "Live");
});
setTimeout(forever, 2000);
