import { type Answer, messageOf } from "./answer.ts";
import {
  APIError,
  BadRequestError,
  ForbiddenError,
  NotFoundError,
  RateLimitError,
  ServerError,
  UnauthorizedError,
  ValidationError,
} from "./errors.ts";

/** The error that an answer stands for. */
export function errorOf(answer: Answer): APIError {
  const { status, secrets } = answer;
  const message = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), messageOf(answer));
  const Kind = byStatus[status] ?? (status >= 500 ? ServerError : APIError);
  return new Kind(message, answer);
}

const byStatus: Readonly<Record<number, typeof APIError | undefined>> = {
  400: BadRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  422: ValidationError,
  429: RateLimitError,
};
