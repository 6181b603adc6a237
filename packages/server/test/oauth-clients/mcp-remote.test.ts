import { mcpRemote } from "./peers/mcp-remote.ts";
import { signInStory } from "./sign-in-story.ts";

signInStory([mcpRemote]);
