import { python } from "./peers/python.ts";
import { signInStory } from "./sign-in-story.ts";

signInStory(python);
