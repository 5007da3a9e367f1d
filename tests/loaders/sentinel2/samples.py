"""Metadata written by hand from the public format description, in old and new editions."""

from __future__ import annotations

PRODUCT = "S2C_MSIL2A_20250301T104021_N0511_R008_T31UFS_20250301T141500"
TILE_ID = "S2C_OPER_MSI_L2A_TL_2CPS_20250301T141500_A002513_T31UFS_N05.11"
DATASTRIP_ID = "S2C_OPER_MSI_L2A_DS_2CPS_20250301T141500_S20250301T104024_N05.11"
RING = "50 5 50 6 51 6 51 5 50 5"
PSD = "https://psd-15.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd"

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="{PSD}">
 <n1:General_Info><Product_Info>
  <PRODUCT_START_TIME>2025-03-01T10:40:21.024Z</PRODUCT_START_TIME>
  <PRODUCT_STOP_TIME>2025-03-01T10:40:21.024Z</PRODUCT_STOP_TIME>
  <PRODUCT_URI>{PRODUCT}.SAFE</PRODUCT_URI>
  <PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
  <PROCESSING_BASELINE>05.11</PROCESSING_BASELINE>
  <GENERATION_TIME>2025-03-01T14:15:00.000000Z</GENERATION_TIME>
  <Datatake datatakeIdentifier="GS2C_20250301T104021_002513_N05.11">
   <SPACECRAFT_NAME>Sentinel-2C</SPACECRAFT_NAME>
   <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
   <DATATAKE_SENSING_START>2025-03-01T10:40:21.024Z</DATATAKE_SENSING_START>
   <SENSING_ORBIT_NUMBER>8</SENSING_ORBIT_NUMBER>
   <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
  </Datatake>
  <Product_Organisation><Granule_List>
   <Granule granuleIdentifier="{TILE_ID}" datastripIdentifier="{DATASTRIP_ID}"
            imageFormat="JPEG2000">
    <IMAGE_FILE>GRANULE/L2A_T31UFS/IMG_DATA/R10m/T31UFS_20250301T104021_B02_10m</IMAGE_FILE>
   </Granule></Granule_List></Product_Organisation>
 </Product_Info></n1:General_Info>
 <n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>
  <EXT_POS_LIST>{RING}</EXT_POS_LIST>
 </Global_Footprint></Product_Footprint></Product_Footprint></n1:Geometric_Info>
 <n1:Quality_Indicators_Info>
  <Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment>
 </n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""

GRANULE = f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_Tile_ID xmlns:n1="{PSD.replace("User_Product", "S2_PDI")}">
 <n1:General_Info>
  <TILE_ID metadataLevel="Brief">{TILE_ID}</TILE_ID>
  <DATASTRIP_ID>{DATASTRIP_ID}</DATASTRIP_ID>
  <SENSING_TIME>2025-03-01T10:42:00.5Z</SENSING_TIME>
 </n1:General_Info>
 <n1:Geometric_Info>
  <Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32631</HORIZONTAL_CS_CODE></Tile_Geocoding>
  <Tile_Angles>
   <Mean_Sun_Angle><ZENITH_ANGLE unit="deg">60.25</ZENITH_ANGLE>
    <AZIMUTH_ANGLE unit="deg">160</AZIMUTH_ANGLE></Mean_Sun_Angle>
   <Mean_Viewing_Incidence_Angle_List>
    <Mean_Viewing_Incidence_Angle bandId="0"><ZENITH_ANGLE>4</ZENITH_ANGLE>
     <AZIMUTH_ANGLE>350</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>
    <Mean_Viewing_Incidence_Angle bandId="1"><ZENITH_ANGLE>NaN</ZENITH_ANGLE>
     <AZIMUTH_ANGLE>NaN</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>
    <Mean_Viewing_Incidence_Angle bandId="2"><ZENITH_ANGLE>5</ZENITH_ANGLE>
     <AZIMUTH_ANGLE>30</AZIMUTH_ANGLE></Mean_Viewing_Incidence_Angle>
   </Mean_Viewing_Incidence_Angle_List>
  </Tile_Angles>
 </n1:Geometric_Info>
</n1:Level-2A_Tile_ID>
"""

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel/1.1"
 xmlns:gml="http://www.opengis.net/gml"
 version="esa/safe/sentinel/1.1/sentinel-2/msi/archive_l2a_user_product">
 <metadataSection>
  <metadataObject ID="processing"><metadataWrap><xmlData>
   <safe:processing name="Level-2A" start="2025-03-01T14:00:00Z" stop="2025-03-01T14:15:00Z">
    <safe:facility name="PDGS" organisation="ESA"><safe:software name="Sen2Cor" version="2.12"/>
    </safe:facility>
    <safe:resource role="input"><safe:processing name="Level-1C" start="2025-03-01T13:00:00Z">
     <safe:facility name="PDGS"><safe:software name="IPF" version="6.1"/></safe:facility>
    </safe:processing></safe:resource>
   </safe:processing>
  </xmlData></metadataWrap></metadataObject>
  <metadataObject ID="frame"><metadataWrap><xmlData><safe:frameSet><safe:footPrint>
   <gml:coordinates>50,5 50,6 51,6 51,5 50,5</gml:coordinates>
  </safe:footPrint></safe:frameSet></xmlData></metadataWrap></metadataObject>
 </metadataSection>
 <dataObjectSection><dataObject ID="a"><byteStream size="123">
  <fileLocation href="./GRANULE/L2A_T31UFS/IMG_DATA/R10m/T31UFS_20250301T104021_B02_10m.jp2"/>
  <checksum checksumName="SHA3-256">ABCD</checksum>
 </byteStream></dataObject></dataObjectSection>
</xfdu:XFDU>
"""

TILE_INFO = """{"path": "tiles/31/U/FS", "timestamp": "2025-03-01T10:42:00.500Z",
 "utmZone": 31, "latitudeBand": "U", "gridSquare": "FS",
 "tileDataGeometry": {"type": "Polygon",
  "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:8.8.1:32631"}},
  "coordinates": [[[600000, 5600000], [700000, 5600000], [700000, 5700000], [600000, 5600000]]]},
 "cloudyPixelPercentage": 12.25, "productName": "PRODUCT"}
""".replace("PRODUCT", PRODUCT)

OLD_NAME = "S2A_OPER_PRD_MSIL1C_PDMC_20160605T182012_R008_V20160605T104026_20160605T104026"
OLD_HEAD_FILE = OLD_NAME.replace("PRD_MSI", "MTD_SAF") + ".xml"
_OLD_GRANULE = """<Granule_List><Granules
 datastripIdentifier="S2A_OPER_MSI_L1C_DS_EPA__20160605T160000_S20160605T104351_N02.02"
 granuleIdentifier="S2A_OPER_MSI_L1C_TL_EPA__20160605T160000_A004974_T{tile}_N02.02"
 imageFormat="JPEG2000">
 <IMAGE_ID>S2A_OPER_MSI_L1C_TL_EPA__20160605T160000_A004974_T{tile}_B01</IMAGE_ID>
 <IMAGE_ID>S2A_OPER_MSI_L1C_TL_EPA__20160605T160000_A004974_T{tile}_B8A</IMAGE_ID>
</Granules></Granule_List>
"""
OLD_HEAD = (
    """<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-1C_User_Product
 xmlns:n1="http://psd-12.sentinel2.eo.esa.int/PSD/User_Product_Level-1C.xsd">
 <n1:General_Info><Product_Info>
  <PRODUCT_START_TIME>2016-06-05T10:40:26.000Z</PRODUCT_START_TIME>
  <PRODUCT_STOP_TIME>2016-06-05T10:43:51.000Z</PRODUCT_STOP_TIME>
  <PRODUCT_TYPE>S2MSI1C</PRODUCT_TYPE><PROCESSING_BASELINE>02.02</PROCESSING_BASELINE>
  <Datatake datatakeIdentifier="GS2A_20160605T104026_004974_N02.02">
   <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME><SENSING_ORBIT_NUMBER>8</SENSING_ORBIT_NUMBER>
   <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION></Datatake>
  <Product_Organisation>"""
    + "".join(_OLD_GRANULE.format(tile=tile) for tile in ("32ULV", "31UGR"))
    + """</Product_Organisation></Product_Info>
  <Product_Image_Characteristics>
   <QUANTIFICATION_VALUE unit="none">1000</QUANTIFICATION_VALUE>
   <PHYSICAL_GAINS bandId="0">3.9</PHYSICAL_GAINS>
  </Product_Image_Characteristics></n1:General_Info>
 <n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>
  <EXT_POS_LIST>49.0 5.0 49.0 7.0 50.0 7.0 50.0 5.0 49.0 5.0 </EXT_POS_LIST>
 </Global_Footprint></Product_Footprint></Product_Footprint></n1:Geometric_Info>
 <n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>1.5</Cloud_Coverage_Assessment>
  <Quality_Control_Checks><Quality_Inspections>
   <SENSOR_QUALITY_FLAG>PASSED</SENSOR_QUALITY_FLAG>
   <GEOMETRIC_QUALITY_FLAG>FAILED</GEOMETRIC_QUALITY_FLAG>
  </Quality_Inspections></Quality_Control_Checks></n1:Quality_Indicators_Info>
</n1:Level-1C_User_Product>
"""
)

TOOLBOX_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product
 xmlns:n1="https://psd-13.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
 <n1:General_Info><L2A_Product_Info>
  <PRODUCT_START_TIME>2017-05-06T10:50:31.026Z</PRODUCT_START_TIME>
  <PRODUCT_URI_1C>S2A_MSIL1C_20170506T105031_N0205_R051_T31UFS_20170506T105029.SAFE</PRODUCT_URI_1C>
  <PRODUCT_URI_2A>S2A_MSIL2A_20170506T105031_N9999_R051_T31UFS_20200101T000000.SAFE</PRODUCT_URI_2A>
  <PROCESSING_LEVEL>Level-2Ap</PROCESSING_LEVEL><PRODUCT_TYPE>S2MSI2Ap</PRODUCT_TYPE>
  <PROCESSING_BASELINE>99.99</PROCESSING_BASELINE>
  <Datatake datatakeIdentifier="GS2A_20170506T105031_009772_N02.05">
   <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME></Datatake>
  <L2A_Product_Organisation><Granule_List><Granules
   granuleIdentifier="{TILE_ID.replace("S2C", "S2A")}" datastripIdentifier="{DATASTRIP_ID}">
   <IMAGE_FILE_2A>GRANULE/L2A_T31UFS/IMG_DATA/R60m/T31UFS_20170506T105031_SCL_60m</IMAGE_FILE_2A>
  </Granules></Granule_List></L2A_Product_Organisation>
 </L2A_Product_Info>
 <L2A_Product_Image_Characteristics><L1C_L2A_Quantification_Values_List>
  <L1C_TOA_QUANTIFICATION_VALUE unit="none">1000</L1C_TOA_QUANTIFICATION_VALUE>
  <L2A_BOA_QUANTIFICATION_VALUE unit="none">10000</L2A_BOA_QUANTIFICATION_VALUE>
  <L2A_AOT_QUANTIFICATION_VALUE unit="none">1000.0</L2A_AOT_QUANTIFICATION_VALUE>
 </L1C_L2A_Quantification_Values_List></L2A_Product_Image_Characteristics></n1:General_Info>
 <n1:Geometric_Info><Product_Footprint><Global_Footprint>
  <EXT_POS_LIST>{RING}</EXT_POS_LIST>
 </Global_Footprint></Product_Footprint></n1:Geometric_Info>
 <n1:L2A_Quality_Indicators_Info><Image_Content_QI>
  <BARE_SOILS_PERCENTAGE>20.5</BARE_SOILS_PERCENTAGE>
  <LOW_PROBA_CLOUDS_PERCENTAGE>3.25</LOW_PROBA_CLOUDS_PERCENTAGE>
 </Image_Content_QI></n1:L2A_Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""
