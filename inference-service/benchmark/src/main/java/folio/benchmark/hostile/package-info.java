/**
 * The hostile soak: clients that try to take a service down, one kind after the other, and an
 * honest client beside them that measures what they cost it.
 */
package folio.benchmark.hostile;
