import { typeScript } from "./peers/typescript.ts";
import { signInStory } from "./sign-in-story.ts";

signInStory(typeScript);
