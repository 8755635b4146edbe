/**
 * Random clients that put a service under mixed load and check every response, and the statistics
 * of their outcomes.
 */
package folio.benchmark.soak;
