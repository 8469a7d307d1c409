/** `npm run build`: writes the bundle. */
import { bundle, BUNDLE } from './bundle.ts';

await bundle();
console.log(`Written: ${BUNDLE}`);
