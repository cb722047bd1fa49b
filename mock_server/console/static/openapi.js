// Shows the document that the page names; validation by an outside site is off.
"use strict";
SwaggerUIBundle({
  url: document.getElementById("document").dataset.url,
  dom_id: "#document",
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
