// Date filters mean days of this browser's zone.
export function startZones() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".panel") || !(form.elements.from.value || form.elements.to.value)) return;
    const zone = Object.assign(document.createElement("input"), { type: "hidden", name: "tz" });
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    form.append(zone);
  });
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches(".panel, .search")) return;
    for (const [name, value] of [...event.formData]) if (value === "" || (name === "order" && value === "newest")) event.formData.delete(name);
  });
}
