// Shows the description of the API. A token that is entered here stays in this
// page's memory.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = request.headers.Authorization;
    if (token && token.startsWith("hyg_")) {
      request.headers.Authorization = "Bearer " + token;
    }
    return request;
  },
});
