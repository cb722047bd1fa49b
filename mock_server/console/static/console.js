// Adds to pages that work without it: copying, live tables, narrowing long lists.
"use strict";

const LIVE_EVERY_MS = 1500;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.parentElement.querySelector("code"));
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

for (const box of document.querySelectorAll("[data-live]")) {
  const refresh = async () => {
    if (!box.checked || document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(box.dataset.live);
    if (fresh) document.querySelector(box.dataset.live).replaceChildren(...fresh.childNodes);
  };
  setInterval(refresh, LIVE_EVERY_MS);
}

for (const field of document.querySelectorAll("[data-narrow]")) {
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const group of document.querySelectorAll(`${field.dataset.narrow} details`)) {
      let shown = 0;
      for (const item of group.querySelectorAll("[data-text]")) {
        item.hidden = !item.dataset.text.toLowerCase().includes(wanted);
        shown += item.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      if (wanted) group.open = true;
    }
  });
}
