/** Child processes, their CPU time and memory, and their cleanup when this process ends. */
package folio.benchmark.process;
