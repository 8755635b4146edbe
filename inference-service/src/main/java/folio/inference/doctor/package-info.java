/** A report on the machine: what the service needs, what it found, and what is missing. */
package folio.inference.doctor;
