/** `npm run build`: writes the bundles. */
import { takesNoArguments } from './arguments.ts';
import { bundle, BUNDLE, bundlePlugin, PLUGIN } from './bundle.ts';

takesNoArguments('build', 'Writes the product and the plugin of kubectl as a few JavaScript files.');

await Promise.all([bundle(), bundlePlugin()]);
console.log(`Written: ${BUNDLE}, ${PLUGIN.program}`);
