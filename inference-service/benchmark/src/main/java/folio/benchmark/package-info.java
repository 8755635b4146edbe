/**
 * Measures the packaged service against simpler ways to the same text, and soaks it. Command line
 * tools beside the service: they start it as a process of its own and know nothing of its HTTP
 * layer but the wire.
 */
package folio.benchmark;
