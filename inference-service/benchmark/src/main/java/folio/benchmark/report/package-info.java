/** The results of the benchmark, the Markdown tables and the raw file that show them. */
package folio.benchmark.report;
