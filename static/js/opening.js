// Dialogs and panels: opened by their buttons, closed by a click beside them.
export function startOpening() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    for (const panel of document.querySelectorAll("details[open]")) if (!panel.contains(event.target)) panel.open = false;
  });
}
