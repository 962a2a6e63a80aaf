// The control API. An answer is its JSON; a refusal is an ApiError whose message is what the API says of it.

export class ApiError extends Error {
  constructor(message, status = 0, body = {}) {
    super(message);
    this.status = status;
    this.body = body;
  }

  /** The API did not answer at all. */
  get lost() {
    return this.status === 0;
  }
}

export function queryOf(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.append(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

async function call(method, path, values, body, signal) {
  const request = { method, signal, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (method !== "GET") {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path + queryOf(values), request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The emulator does not answer.");
  }
  if (answer.status === 401) {
    location.assign("/login");
  }
  const text = await answer.text();
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(`${method} ${path} answered ${answer.status} with something that is not JSON.`, answer.status);
  }
  if (!answer.ok) {
    throw new ApiError(words(content) ?? `${method} ${path} answered ${answer.status}.`, answer.status, content ?? {});
  }
  return content;
}

/** What a problem says: all that is wrong, a line each. */
function words(problem) {
  const several =
    problem?.problems?.length > 1
      ? problem.problems.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join("\n")
      : null;
  return several ?? problem?.detail ?? problem?.title;
}

export const get = (path, values, signal) => call("GET", path, values, undefined, signal);
export const post = (path, body) => call("POST", path, null, body);
export const putTo = (path, body) => call("PUT", path, null, body);
export const patch = (path, body) => call("PATCH", path, null, body);
export const remove = (path, values) => call("DELETE", path, values);

/** Lists come as {"items": [...]} or bare. */
export const itemsOf = (answer) => (Array.isArray(answer) ? answer : (answer?.items ?? []));
