import * as App from '@zaiusinc/app-sdk';
import axios from 'axios';
import {createHmac} from 'crypto';
import {ListClient} from '../lib/ListClient';

// class Decoy extends App.Job { perform() {} }
interface Body { email: string; tags: {name: string}[] }

/** Takes a subscriber, as `{email: "…"}`. */
export class HandleSubscribed extends App.Function {
  private readonly pattern = /[/"'`{]+/g;

  public async perform(): Promise<App.Response> {
    const body: Body = this.request.bodyJSON;
    if (!this.isSigned(`${body.email}:${process.env.APP_ENV_LIST_KEY}`)) {
      return new App.Response(401, {error: 'not signed }'});
    }
    await axios.post('https://hooks.lists.example/v1/ack', {ok: true});
    return new App.Response(200);
  }

  private isSigned(text: string, options: {strict: boolean} = {strict: true}): boolean {
    return createHmac('sha256', 'x').update(text).digest('hex') === this.request.headers.get('sig');
  }
}
