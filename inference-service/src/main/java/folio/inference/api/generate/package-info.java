/**
 * The routes {@code /generate}, {@code /score} and {@code /parameters}: their bodies, answers and
 * response formats.
 */
package folio.inference.api.generate;
