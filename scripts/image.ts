/** `npm run image`: writes the image's archive, for `ctr images import`, `docker load` or `kind load image-archive`. */
import { takesNoArguments } from './arguments.ts';
import { makeProductImage, IMAGE_ARCHIVE } from './product-image.ts';

takesNoArguments(
  'image',
  'Writes the product’s image as an archive, for ctr images import, docker load or kind load image-archive.',
);

const { name } = await makeProductImage();
console.log(`Written: ${IMAGE_ARCHIVE}, with ${name}`);
