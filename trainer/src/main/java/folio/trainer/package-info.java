/** The command line: trains, evaluates, samples and publishes. Only this room joins the others. */
package folio.trainer;
