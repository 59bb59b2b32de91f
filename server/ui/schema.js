// The page of /schema: lists what the description says, and sends calls. It loads nothing from elsewhere.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function resolved(document_, part) {
  if (!part || !part.$ref) return part ?? {};
  return part.$ref.slice(2).split("/").reduce((at, name) => at[name], document_);
}

function typeOf(document_, schema) {
  const name = schema?.$ref?.split("/").pop();
  const found = resolved(document_, schema);
  if (name) return name;
  if (found.enum) return found.enum.map((one) => JSON.stringify(one)).join(" | ");
  const choices = found.oneOf ?? found.anyOf;
  if (choices) return choices.map((one) => typeOf(document_, one)).join(" or ");
  if (found.type === "array") return `list of ${typeOf(document_, found.items)}`;
  return [found.type].flat().filter(Boolean).join(" or ") || "any";
}

function exampleOf(media) {
  const first = media?.example ?? Object.values(media?.examples ?? {})[0]?.value;
  if (first === undefined) return "";
  return typeof first === "string" ? first : JSON.stringify(first, null, 2);
}

function parametersOf(document_, operation) {
  const rows = (operation.parameters ?? []).map((one) => resolved(document_, one));
  const fields = new Map();
  const table = made("table");
  for (const one of rows) {
    const input = made("input", { "aria-label": one.name, placeholder: one.in });
    fields.set(one, input);
    const words = [typeOf(document_, one.schema), one.required ? "required" : "", one.description ?? ""];
    table.append(made("tr", {}, made("td", {}, made("code", {}, one.name)), made("td", {}, input),
      made("td", {}, words.filter(Boolean).join(", "))));
  }
  return { fields, table };
}

function addressed(path, fields) {
  const headers = {};
  const query = new URLSearchParams();
  let at = path;
  for (const [one, input] of fields) {
    if (one.in === "path") at = at.replace(`{${one.name}}`, encodeURIComponent(input.value));
    else if (input.value === "") continue;
    else if (one.in === "query") query.append(one.name, input.value);
    else if (one.in === "header") headers[one.name] = input.value;
  }
  const asked = query.toString();
  return { url: asked ? `${at}?${asked}` : at, headers };
}

async function sent(method, path, fields, body, media) {
  const { url, headers } = addressed(path, fields);
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const said = { method: method.toUpperCase(), headers };
  if (body !== null && body.value !== "") {
    said.body = body.value;
    headers["Content-Type"] = media;
  }
  const began = performance.now();
  const answer = await fetch(url, said);
  const text = (await answer.text()).slice(0, 100_000);
  const took = (performance.now() - began).toFixed(1);
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // it is no JSON: shown as it came
  }
  return `${answer.status} ${answer.statusText} · ${took} ms · ${url}\n\n${shown}`;
}

function bodyOf(operation) {
  const content = operation.requestBody?.content ?? {};
  const [media] = Object.keys(content);
  if (!media) return { body: null, media, parts: [] };
  const body = made("textarea", { "aria-label": "body", spellcheck: "false" });
  body.value = exampleOf(content[media]);
  return { body, media, parts: [made("h3", {}, `Body (${Object.keys(content).join(", ")})`), body] };
}

function answersOf(document_, operation) {
  const table = made("table");
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    const found = resolved(document_, response);
    const example = exampleOf(Object.values(found.content ?? {})[0]);
    const cell = made("td", {}, found.description ?? "");
    if (example && status < 300) cell.append(made("pre", {}, example));
    table.append(made("tr", {}, made("td", {}, made("code", {}, status)), cell));
  }
  return table;
}

function filled(document_, path, method, operation) {
  const { fields, table } = parametersOf(document_, operation);
  const { body, media, parts } = bodyOf(operation);
  const answer = made("pre", { hidden: "" });
  const button = made("button", { type: "button" }, "Send");
  button.addEventListener("click", async () => {
    answer.hidden = false;
    answer.textContent = "…";
    try {
      answer.textContent = await sent(method, path, fields, body, media);
    } catch (error) {
      answer.textContent = `No answer: ${error.message}`;
    }
  });
  return made("div", {}, made("p", {}, operation.description ?? ""), table, ...parts,
    made("p", {}, button), answer, made("h3", {}, "Answers"), answersOf(document_, operation));
}

function shownCall(document_, path, method, operation) {
  const summary = made("summary", {}, made("span", { class: "method" }, method.toUpperCase()),
    made("code", {}, path), made("span", { class: "words" }, operation.summary ?? ""));
  const details = made("details", {}, summary);
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1)
      details.append(filled(document_, path, method, operation));
  });
  details.dataset.words = `${method} ${path} ${operation.summary ?? ""}`.toLowerCase();
  return details;
}

function show(document_) {
  document.getElementById("version").textContent = `${document_.info.version} · ${document_.info.summary}`;
  const groups = new Map();
  for (const [path, item] of Object.entries(document_.paths))
    for (const method of METHODS.filter((one) => item[one])) {
      const [tag] = item[method].tags ?? ["other"];
      if (!groups.has(tag)) groups.set(tag, made("section", {}, made("h2", {}, tag)));
      groups.get(tag).append(shownCall(document_, path, method, item[method]));
    }
  document.getElementById("calls").replaceChildren(...groups.values());
}

document.getElementById("find").addEventListener("input", (event) => {
  const sought = event.target.value.trim().toLowerCase();
  for (const call of document.querySelectorAll("details[data-words]"))
    call.hidden = !call.dataset.words.includes(sought);
});

fetch("/schema/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => {
    document.getElementById("calls").textContent = `The description could not be read: ${error.message}`;
  });
