import { HygiaClient, ProblemError } from "@hygia/client";

const hygia = new HygiaClient({ baseUrl: process.env.HYGIA_URL!, token: () => process.env.HYGIA_EDITOR_TOKEN });
try {
  for await (const { id, content } of hygia.content.allEntries({ status: "ENTRY_STATUS_DRAFT" })) {
    const { findings } = await hygia.content.validateEntry({ id });
    console.log(`${content?.title}: ${findings.length} findings`);
  }
} catch (error) {
  if (!(error instanceof ProblemError)) throw error;
  console.error(error.reason, error.detail, error.hint);
}
