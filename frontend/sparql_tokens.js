// SPARQL as tokens and triples: enough to know where in a query the cursor is, whatever is unfinished in it.

const WORDS = `SELECT ASK CONSTRUCT DESCRIBE WHERE FROM NAMED PREFIX BASE DISTINCT REDUCED AS ORDER BY GROUP HAVING LIMIT
 OFFSET ASC DESC VALUES UNDEF OPTIONAL UNION MINUS FILTER BIND GRAPH SERVICE SILENT EXISTS NOT IN A TRUE FALSE COUNT SUM
 MIN MAX AVG SAMPLE GROUP_CONCAT SEPARATOR STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND
 CONCAT STRLEN UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES
 SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI
 ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE LATERAL TRIPLE SUBJECT PREDICATE OBJECT ISTRIPLE`;

/** The keywords and functions of SPARQL 1.1, upper case. */
export const KEYWORDS = new Set(WORDS.split(/\s+/));

const TOKEN = new RegExp([
  "(?<comment>#[^\\n]*)",
  "(?<iri><[^<>\"{}|^`\\\\\\s]*>)",
  "(?<string>\"\"\"[\\s\\S]*?(?:\"\"\"|$)|'''[\\s\\S]*?(?:'''|$)|\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?)",
  "(?<variable>[?$]\\w+)",
  "(?<name>(?:[A-Za-z][\\w-]*)?:(?:[\\w%\\-.]*[\\w%\\-])?)",
  "(?<blank>_:\\w+)",
  "(?<language>@[A-Za-z][\\w-]*)",
  "(?<word>[A-Za-z_]\\w*)",
  "(?<number>\\d[\\d.eE]*)",
  "(?<mark>\\^\\^|&&|\\|\\||[<>!]=|[^\\s])",
].join("|"), "gu");

/** Return the tokens: type, text, from, to. Spaces are none. */
export function tokens(text) {
  return [...text.matchAll(TOKEN)].map((match) => {
    const [type] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    return { type, text: match[0], from: match.index, to: match.index + match[0].length };
  });
}

const isTerm = ({ type }) => ["iri", "string", "variable", "name", "blank", "number"].includes(type);
const isType = ({ type, text }) => type === "word" && text === "a";

/**
 * Read the triples before a place: each is {subject, predicate, object}, tokens. Return them with what is
 * expected there: {slot: "subject" | "predicate" | "object", subject, predicate}.
 */
export function triplesBefore(all, place = Infinity) {
  const triples = [];
  let slot = "subject", subject = null, predicate = null;
  for (const token of all) {
    if (token.type === "comment") continue;
    if (token.to >= place && token.from < place && token.text !== "{") break;
    if (token.from >= place) break;
    if (token.type === "mark" && "{}.".includes(token.text)) [slot, subject, predicate] = ["subject", null, null];
    else if (token.text === ";") [slot, predicate] = ["predicate", null];
    else if (token.text === ",") slot = "object";
    else if (token.type === "mark" && "/|^".includes(token.text) && predicate) slot = "predicate";
    else if (token.type === "word" && !isType(token)) { if (KEYWORDS.has(token.text.toUpperCase())) [slot, subject] = ["subject", null]; }
    else if (isTerm(token) || isType(token)) {
      if (slot === "subject") [slot, subject] = ["predicate", token];
      else if (slot === "predicate") [slot, predicate] = ["object", token];
      else { triples.push({ subject, predicate, object: token }); slot = "end"; }
    }
  }
  return { triples, slot, subject, predicate };
}

/** Return the classes that the query gives a subject, as they are written. */
export function classesOf(all, subject) {
  if (!subject) return [];
  return triplesBefore(all).triples
    .filter(({ subject: one, predicate }) => one && one.text === subject.text && (isType(predicate) || predicate.text === "rdf:type"))
    .map(({ object }) => object.text);
}

/** Return the prefixes that the query declares, with their namespaces. */
export function declared(all) {
  const found = new Map();
  all.forEach((token, at) => {
    if (token.type === "word" && /^prefix$/i.test(token.text) && all[at + 1]?.type === "name" && all[at + 2]?.type === "iri") {
      found.set(all[at + 1].text.replace(/:$/, ""), all[at + 2].text.slice(1, -1));
    }
  });
  return found;
}

/** Return the query laid out: a triple or keyword on each line, indented by its braces. Comments stay. */
export function format(text) {
  const lines = [];
  let line = "", depth = 0, round = 0, last = null;
  const end = () => { if (line.trim()) lines.push("  ".repeat(Math.max(depth, 0)) + line.trim()); line = ""; };
  const all = tokens(text);
  all.forEach((token, at) => {
    const next = all[at + 1];
    const word = token.type === "word" ? token.text.toUpperCase() : "";
    const broken = last && text.slice(last.to, token.from).includes("\n");
    if (token.type === "comment") {
      if (broken || !last) end();
      if (line) line += ` ${token.text}`; else if (!broken && lines.length) { lines.push(`${lines.pop()} ${token.text}`); last = token; return; } else line = token.text;
      end();
    } else if (token.text === "{" ) {
      const values = /\bVALUES\b[^{]*$/i.test(line);
      line += line ? " {" : "{";
      if (values) round += 1000; else { end(); depth += 1; }
    } else if (token.text === "}") {
      if (round >= 1000) { round -= 1000; line += " }"; end(); }
      else { end(); depth -= 1; line = "}"; if (!/^(union|minus)$/i.test(next?.text ?? "")) end(); }
    } else if (round === 0 && token.type === "mark" && (token.text === "." || token.text === ";")) {
      line += ` ${token.text}`;
      const tail = next?.type === "comment" && !text.slice(token.to, next.from).includes("\n");
      if (!tail) { end(); if (token.text === ";") line = "  "; }
    } else {
      if (round === 0 && ["PREFIX", "BASE", "SELECT", "CONSTRUCT", "ASK", "DESCRIBE", "OPTIONAL", "FILTER", "BIND", "VALUES", "GRAPH", "ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET", "MINUS", "SERVICE"].includes(word) && !/^\s*(\}\s*)?(minus)?$/i.test(line)) end();
      if (token.text === "(") round += 1;
      if (token.text === ")") round -= 1;
      const tight = !line.trim() || [")", ",", "*", "+", "?", "/", "|"].includes(token.text) && (last?.to === token.from) || last?.to === token.from && token.text !== "{";
      line += (tight ? "" : " ") + token.text;
    }
    last = token;
  });
  end();
  return `${lines.join("\n")}\n`;
}

/** Return how many letters must change to make one text the other (Levenshtein). */
export function distance(one, other) {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] !== other[j - 1])));
    }
    row = next;
  }
  return row[other.length];
}
