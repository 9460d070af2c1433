import {Function as AppFunction, Response} from '@zaiusinc/app-sdk';
export class FindPictures extends AppFunction {
  public async perform() { return new Response(200, await (await fetch('https://pictures.example/v1')).json()); }
}
