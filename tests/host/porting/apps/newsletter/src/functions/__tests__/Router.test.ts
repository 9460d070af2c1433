import {Router} from '../Router';
describe('Router', () => { it('answers', () => { expect(Router).toBeDefined(); }); });
