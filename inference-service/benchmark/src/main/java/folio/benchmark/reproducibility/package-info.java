/** The comparison of a request's output alone with its output under load, to the last bit. */
package folio.benchmark.reproducibility;
