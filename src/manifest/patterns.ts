/** What names, paths and the like must look like. They stand in the JSON Schema too: no flags, and nothing that only Node's RegExp knows. */

/** A label of a host name (RFC 1123), so that a name can stand in URLs, host names and metrics. */
export const NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
export const NAME_RULE = 'cannot be a name: up to 63 letters, digits and "-", with no "-" at either end';

export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
export const DEFINE = /^[A-Za-z_][A-Za-z0-9_]*(\([^()]*\))?(=.*)?$/;
/** A target of CMake or make. Never an option. */
export const TARGET = /^[A-Za-z0-9_.+][A-Za-z0-9_.+/-]*$/;
/** A C++ function with its namespaces; "::" may stand in front. */
export const CPP_FUNCTION = /^(::)?[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*$/;
/** Scheme, host and port in the form that browsers and Node print them. */
export const ORIGIN = /^https?:\/\/([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?$/;
/** RFC 9110, section 8.3.1. */
export const CONTENT_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+( *;[ -~]*)?$/;
/** Absolute, with no empty part, "." or "..", and no control characters. */
// oxlint-disable-next-line no-control-regex -- they are what is kept out
export const GUEST_PATH = /^(\/|(\/(?!\.{1,2}(\/|$))[^/\x00-\x1f\x7f]+)+)$/;
/** Path and query of a URL, RFC 3986. */
export const HTTP_PATH = /^\/[!-~]*$/;
/** registry/name:tag@digest: what engines refuse they say themselves; no options, no blanks. */
export const IMAGE = /^[A-Za-z0-9][!-~]{0,1023}$/;
/** C ends a text there. */
// oxlint-disable-next-line no-control-regex -- it is what is kept out
export const NO_NUL = /^[^\x00]*$/;

/** RFC 9110, section 5: a name, and a value without what could end its line. */
export const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
export const FIELD_VALUE = /^[\t\x20-\x7e]*$/;
