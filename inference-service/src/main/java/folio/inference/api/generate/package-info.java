/**
 * The routes {@code /generate}, {@code /score} and {@code /parameters}: their bodies, answers and
 * stream formats.
 */
package folio.inference.api.generate;
