import {GlobalFunction, Response, storage} from '@zaiusinc/app-sdk';

export class Router extends GlobalFunction {
  public perform = async (): Promise<Response> => {
    const level = process.env['LOG_LEVEL'];
    return new Response(level ? 200 : 204);
  };
}
