/** What a generation is, from a valid request to its last event. */
package folio.inference.generation;
