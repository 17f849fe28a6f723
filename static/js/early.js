// Runs before anything is painted: says that scripts work, and tells the server the zone of this browser's days.
{
  document.documentElement.classList.add("js");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const kept = () => document.cookie.split("; ").includes(`tz=${zone}`);
  if (zone && !kept()) {
    document.cookie = `tz=${zone}; path=/; max-age=34560000; samesite=lax`;
    const shown = document.documentElement.dataset.tz;
    const asked = new URLSearchParams(location.search).has("tz");
    if (shown && shown !== zone && kept() && !asked) location.reload();
  }
}
