/** The commands {@code benchmark}, {@code soak} and {@code reproducibility}, and their options. */
package folio.benchmark.cli;
