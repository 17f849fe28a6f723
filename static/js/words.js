// What the scripts say, in the page's language.
export const words = JSON.parse(document.body.dataset.words);
const language = document.documentElement.lang;
const rules = new Intl.PluralRules(language);
const digits = new Intl.NumberFormat(language);

/** The sentence for a number of things. */
export function counted(forms, n) {
  const form = rules.select(n) === "one" ? forms.one : forms.other;
  return form.replace("{n}", digits.format(n));
}

/** A number with its separators. */
export const figure = (n) => digits.format(n);

/** Why something was refused. */
export const refusal = (code) => words.refusals[code] ?? (code ? words.refusals.OTHER : words.offline);
