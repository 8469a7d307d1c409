/** `npm run build`: writes the bundle. */
import { takesNoArguments } from './arguments.ts';
import { bundle, BUNDLE } from './bundle.ts';

takesNoArguments('build', 'Writes the product as one JavaScript file.');

await bundle();
console.log(`Written: ${BUNDLE}`);
