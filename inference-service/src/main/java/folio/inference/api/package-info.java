/** HTTP: resources, wire records, and one table from exception to problem document. */
@OpenAPIDefinition(
    info =
        @Info(
            title = "Folio",
            version = "1",
            description =
                "Streams text from character-level recurrent language models, and loads better"
                    + " checkpoints while it runs.",
            license = @License(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers = @Server(url = "/", description = "The service that sent this document."))
package folio.inference.api;

import org.eclipse.microprofile.openapi.annotations.OpenAPIDefinition;
import org.eclipse.microprofile.openapi.annotations.info.Info;
import org.eclipse.microprofile.openapi.annotations.info.License;
import org.eclipse.microprofile.openapi.annotations.servers.Server;
